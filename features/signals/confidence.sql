-- stage:     signals/confidence
-- row:       how far the logs could tell of one session, and the gaps in them; no signal, the score does not see it
-- key:       identity
-- inputs:    sessions, flows, novelty, bucket_cover, deliveries, delivery_holes
-- broadcast: bucket_cover, deliveries, delivery_holes
-- grain:     session_id
-- owner:     detection
--
-- Confidence is 1 without a gap; each gap takes its share, and what several leave is multiplied. The weights are our
-- choice, by how much of the question (who took what where) goes unanswered:
--   .4 of the share of reads without a size: volume is then judged by objects alone
--   .3 of the share of acts without an address or service: networks and countries cannot be judged
--   .5 of the share of copies and shares without a destination: where to is the question itself
--   .2 where a machine read sensitive data and no flow log of its account came: what it sent on is not known
--   .3 where an hour of it has a hole in delivery: what else it did may be missing
--   .3 for an actor never seen before, falling to 0 with seven active days: it is measured by its kind
with watched as (
    select distinct
        bucket,
        provider,
        source,
        account_id
    from bucket_cover
),

gaps as (
    select
        source,
        account_id,
        hour_us
    from delivery_holes
),

-- the flow log of a virtual network names a subscription, the session a tenant: any of Azure will do
flow_logged as (
    select distinct
        source,
        account_id
    from deliveries
    where source in ('vpc_flow', 'gcp_flow', 'azure_flow')
),

moved as (
    select
        identity,
        session_id,
        coalesce(sum(acts) filter (where network = 'unknown' and source_ip = ''), 0)::bigint as acts_unplaced,
        coalesce(sum(copies + shares) filter (where destination = ''), 0)::bigint as moves_untold,
        coalesce(max(sensitivity_weight) filter (where reads > 0), 0) >= 4 as read_sensitive
    from flows
    group by identity, session_id
),

touched as (
    select distinct
        identity,
        session_id,
        bucket
    from flows
    where bucket != ''
),

-- the logs that told of the day's objects in the buckets it touched, and of its own account's control plane
feeds as (
    select
        t.identity,
        t.session_id,
        w.source,
        w.account_id
    from touched as t
    inner join watched as w on t.bucket = w.bucket
    union
    select
        s.identity,
        s.session_id,
        g.source,
        g.account_id
    from sessions as s
    inner join gaps as g on s.identity_account = g.account_id
    where g.source in ('cloudtrail', 'gcs_audit', 'azure_activity')
),

holes as (
    select
        s.identity,
        s.session_id,
        count(distinct g.hour_us) as hole_hours
    from sessions as s
    inner join feeds as f on s.identity = f.identity and s.session_id = f.session_id
    inner join gaps as g on f.source = g.source and f.account_id = g.account_id
    where g.hour_us <= s.end_us and g.hour_us + 3600000000 > s.start_us
    group by s.identity, s.session_id
),

egress_seen as (
    select distinct
        s.identity,
        s.session_id
    from sessions as s
    inner join flow_logged as l on s.identity_account = l.account_id
    union
    select distinct
        t.identity,
        t.session_id
    from touched as t
    inner join watched as w on t.bucket = w.bucket
    inner join flow_logged as l on w.provider = 'azure' and l.source = 'azure_flow'
),

counted as (
    select
        s.session_id,
        s.day,
        s.identity,
        s.acts,
        s.reads,
        s.reads_without_bytes,
        s.copies + s.shares as moves,
        m.acts_unplaced,
        m.moves_untold,
        s.identity_kind = 'workload' and m.read_sensitive and e.session_id is null as egress_untold,
        coalesce(h.hole_hours, 0) as hole_hours,
        coalesce(n.active_days, 0) as active_days
    from sessions as s
    inner join moved as m on s.identity = m.identity and s.session_id = m.session_id
    left join novelty as n on s.identity = n.identity and s.session_id = n.session_id
    left join holes as h on s.identity = h.identity and s.session_id = h.session_id
    left join egress_seen as e on s.identity = e.identity and s.session_id = e.session_id
)

select
    session_id,
    day,
    identity,
    acts_unplaced,
    moves_untold,
    egress_untold,
    hole_hours,
    greatest(
        0.0,
        (1 - .4 * reads_without_bytes / greatest(reads, 1))
        * (1 - .3 * acts_unplaced / greatest(acts, 1))
        * (1 - .5 * moves_untold / greatest(moves, 1))
        * case when egress_untold then .8 else 1.0 end
        * case when hole_hours > 0 then .7 else 1.0 end
        * (1 - .3 * greatest(7 - active_days, 0) / 7)
    )::double as confidence
from counted
