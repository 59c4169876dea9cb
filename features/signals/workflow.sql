-- stage:     signals/workflow
-- row:       whether approved workflows cover what a session moved, and where it leaves them
-- key:       identity
-- inputs:    flows, volume, sessions
-- context:   workflows, workflow_addresses, role_context
-- grain:     session_id
-- owner:     detection
with moving as (
    select
        *,
        row_number() over (partition by identity, session_id order by bucket, destination, source_ip, network) as flow
    from flows
    where
        bucket != ''
        and sensitivity_weight > 0
        -- an upload counts where it leaves the organisation
        and (reads + copies + shares > 0 or (writes > 0 and destination_relation != 'own'))
),

matched as (
    select
        m.identity,
        m.session_id,
        m.flow,
        w.workflow_id,
        case
            when w.destination_type = 'any' then true
            when m.destination = '' then case w.destination_type
                -- what is read goes to the caller: to its account, its address, its network
                when 'aws-account' then m.identity_account = w.destination_value
                when 'gcp-project' then m.identity_account = w.destination_value
                when 'cidr' then a.source_ip is not null
                when 'ip' then a.source_ip is not null
                when 'internal' then m.network_kind not in ('internet', 'malformed', 'unknown')
                when 'internet' then true
                when 'bucket' then m.network_kind not in ('internet', 'malformed', 'unknown')
                when 'gcs-bucket' then m.network_kind not in ('internet', 'malformed', 'unknown')
                else false
            end
            else case w.destination_type
                when 'aws-account' then m.destination_account = w.destination_value
                when 'gcp-project' then m.destination_account = w.destination_value
                when 'azure-account' then m.destination_account = w.destination_value
                when 'bucket' then m.destination_bucket = w.destination_value and m.destination not like 'gs://%'
                when 'gcs-bucket' then m.destination = 'gs://' || w.destination_value
                when 'internal' then m.destination_relation = 'own'
                else false
            end
        end as destination_approved,
        -- past its review date a workflow stops protecting
        w.review_by >= date '1970-01-01' + $day::integer as in_date,
        w.max_bytes_per_day,
        m.bytes_read
    from moving as m
    inner join workflows as w on m.identity glob w.identity_glob and m.bucket glob w.bucket_glob
    left join workflow_addresses as a on w.workflow_id = a.workflow_id and m.source_ip = a.source_ip
),

matched_within as (
    -- all that an identity reads of a workflow in a day counts towards what it allows for a day
    select
        *,
        destination_approved and in_date as approved,
        coalesce(
            sum(bytes_read) filter (where destination_approved) over (partition by identity, workflow_id)
            > max_bytes_per_day,
            false
        ) as is_too_much
    from matched
),

roles_judged as (
    -- a role that the organisation does not expect to move data, where it says which ones it does
    select
        m.identity,
        m.session_id,
        max(sensitivity_factor(m.sensitivity_weight)) as role_factor
    from moving as m
    where
        (m.identity like '%:role/%' or m.identity like '%.gserviceaccount.com')
        and m.reads + m.copies + m.shares > 0
        and (select count(*) from role_context) > 0
        and not exists (select 1 from role_context as r where m.identity glob r.identity_glob)
    group by m.identity, m.session_id
),

flows_judged as (
    select
        m.identity,
        m.session_id,
        m.flow,
        m.sensitivity_weight,
        m.stays_guarded,
        m.destination != '' as is_sent,
        min(w.workflow_id) filter (where w.approved and not w.is_too_much) as covering_id,
        min(w.workflow_id) filter (where w.approved and w.is_too_much) as exceeded_id,
        min(w.workflow_id) as any_id,
        -- every approver said how much a day may take: that is the envelope, whatever the identity took before
        coalesce(
            bool_and(w.max_bytes_per_day is not null) filter (where w.approved and not w.is_too_much), false
        ) as is_allowed,
        coalesce(bool_or(w.destination_approved and not w.in_date), false) as expired,
        coalesce(bool_or(w.in_date and not w.destination_approved), false) as elsewhere
    from moving as m
    left join matched_within as w on m.identity = w.identity and m.session_id = w.session_id and m.flow = w.flow
    group by m.identity, m.session_id, m.flow, m.sensitivity_weight, m.stays_guarded, m.destination
),

sessions_judged as (
    select
        identity,
        session_id,
        bool_and(covering_id is not null) as all_covered,
        bool_and(is_allowed) as all_allowed,
        bool_and(covering_id is not null or exceeded_id is not null) as all_approved,
        bool_or(expired and covering_id is null) as expired,
        bool_or(elsewhere and covering_id is null) as elsewhere,
        bool_or(elsewhere and covering_id is null and is_sent) as sent_elsewhere,
        max(case when elsewhere and covering_id is null then sensitivity_factor(sensitivity_weight) else 0.0 end)
            as elsewhere_factor,
        max(
            case when covering_id is null and not stays_guarded then sensitivity_factor(sensitivity_weight) else 0.0 end
        ) as uncovered_factor,
        coalesce(min(exceeded_id) filter (where covering_id is null), min(covering_id), min(any_id)) as workflow_id
    from flows_judged
    group by identity, session_id
),

fillable as (
    -- an upload does not tell where from, so the bucket that the workflow is about is not asked for
    select
        f.identity,
        f.bucket,
        min(w.workflow_id) as workflow_id
    from flows as f
    inner join workflows as w
        on
            f.identity glob w.identity_glob
            and w.destination_type in ('bucket', 'gcs-bucket')
            and f.bucket = w.destination_value
            and w.review_by >= date '1970-01-01' + $day::integer
    group by f.identity, f.bucket
),

filled as (
    -- replication and the like: nothing but uploads into the very bucket that a workflow of its identity names
    select
        f.identity,
        f.session_id,
        min(b.workflow_id) as workflow_id
    from flows as f
    left join fillable as b on f.identity = b.identity and f.bucket = b.bucket
    group by f.identity, f.session_id
    having
        bool_and(
            b.workflow_id is not null
            and f.acts = f.writes
            and f.writes > 0
            and coalesce(f.destination = '' or f.destination_relation = 'own', false)
        )
),

enveloped as (
    select
        v.session_id,
        v.day,
        v.identity,
        coalesce(j.workflow_id, f.workflow_id) as workflow_id,
        coalesce(j.session_id, f.session_id) is null as nothing_moved,
        coalesce(j.all_covered, f.session_id is not null) as all_covered,
        coalesce(j.all_approved, false) as all_approved,
        coalesce(j.elsewhere, false) as elsewhere,
        coalesce(j.expired, false) as expired,
        -- what a machine may do is all that it does, but what is approved of a person comes on top of what they read
        -- anyway: no more of it than ever before, read at another place, is no way round the approval
        case
            when
                s.identity_kind = 'human'
                and not j.sent_elsewhere
                and coalesce(v.volume_bytes_own, 0) = 0
                and coalesce(v.volume_objects_own, 0) = 0
                then 0.0
            else j.elsewhere_factor
        end as elsewhere_factor,
        j.uncovered_factor,
        -- three times its own busiest day is outside the envelope (ln 3 = 1.1), where no approver said how much
        case
            when j.all_covered and not j.all_allowed and v.own_days >= 5 then greatest(0.0, v.volume_bytes_own - 1.1)
            else 0.0
        end as beyond
    from volume as v
    left join sessions_judged as j on v.identity = j.identity and v.session_id = j.session_id
    left join filled as f on v.identity = f.identity and v.session_id = f.session_id
    left join sessions as s on v.identity = s.identity and v.session_id = s.session_id
)

select
    v.session_id,
    v.day,
    v.identity,
    v.workflow_id,
    case
        when v.nothing_moved then 'nothing moved'
        when v.beyond > 0 then 'outside envelope'
        when v.all_covered then 'covered'
        when v.all_approved then 'outside envelope'
        when v.elsewhere then 'other destination'
        when v.expired then 'expired'
        else 'none'
    end as workflow_state,
    v.all_covered and v.beyond = 0 as covered,
    case when v.elsewhere then 8.0 * v.elsewhere_factor else 0.0 end as workflow_elsewhere,
    v.beyond as workflow_envelope,
    (case when v.expired then 2.0 else 0.0 end)::double as workflow_expired,
    -- nobody approved this taking of sensitive data: small alone, it adds to what else is unusual
    coalesce(2.0 * v.uncovered_factor, 0.0) as workflow_none,
    coalesce(4.0 * r.role_factor, 0.0) as workflow_role
from enveloped as v
left join roles_judged as r on v.identity = r.identity and v.session_id = r.session_id
