-- Baseline: the static rules that a cloud console or a rule pack brings, each hit or not, for every session.
-- Reads the views sessions (session_id, bytes_read) and flows (the lake's table: session_id, network_kind,
-- destination_relation, copies, shares, bytes_read). $outside_bytes: what an unlisted address may read in a session.
-- Grain: session_id. Owner: detection
--
-- foreign_copy    Elastic prebuilt rules, "AWS S3 Bucket Replicated to Another Account": the account that the data goes
--                 to is not one of the organisation's. A replication counts as a copy or as a share, as it was read.
-- foreign_share   Elastic prebuilt rules, "AWS S3 Bucket Policy Added to Share with External Account".
-- made_public     Amazon GuardDuty, Policy:S3/BucketPublicAccessGranted and Policy:S3/BucketAnonymousAccessGranted.
-- outside_bytes   Amazon GuardDuty, UnauthorizedAccess:S3/MaliciousIPCaller.Custom turned round: not a list of bad
--                 addresses but all that no row of networks.csv knows, from a volume on.
with hits as (
    select
        session_id,
        max(case when copies > 0 and destination_relation in ('foreign', 'unknown') then 1 else 0 end) as foreign_copy,
        max(case when shares > 0 and destination_relation in ('foreign', 'unknown') then 1 else 0 end) as foreign_share,
        max(case when copies + shares > 0 and destination_relation = 'public' then 1 else 0 end) as made_public,
        case
            when coalesce(
                sum(bytes_read) filter (where network_kind in ('internet', 'malformed', 'unknown')), 0
            ) >= $outside_bytes then 1 else 0
        end as outside_bytes
    from flows
    group by session_id
),

-- a session of sign-ins alone has no flow, and hits nothing
by_session as (
    select
        s.session_id,
        s.bytes_read,
        coalesce(h.foreign_copy, 0) as foreign_copy,
        coalesce(h.foreign_share, 0) as foreign_share,
        coalesce(h.made_public, 0) as made_public,
        coalesce(h.outside_bytes, 0) as outside_bytes
    from sessions as s
    left join hits as h using (session_id)
)

-- any hit ranks before none, more rules before fewer; ties by bytes, which a logarithm keeps below the step of one rule
select
    session_id,
    foreign_copy,
    foreign_share,
    made_public,
    outside_bytes,
    foreign_copy + foreign_share + made_public + outside_bytes + ln(1 + bytes_read::double) / 44.0 as score
from by_session
order by session_id
