-- stage:     sources/twins
-- row:       one event that repeats another: the second record of a cross-account call
-- key:       shared_event_id
-- inputs:    events
-- grain:     event_id
-- owner:     detection
with records as (
    select
        event_id,
        shared_event_id,
        -- a request seen at an endpoint too has its bytes in the trail; of two accounts the caller's own names the
        -- caller, the bucket's may only know an account number
        row_number() over (
            partition by shared_event_id
            order by (source = 'cloudtrail') desc, (identity like 'arn:%') desc, (source_ip is not null) desc, event_id
        ) as record
    from events
    where shared_event_id is not null
)

select
    event_id,
    shared_event_id
from records
where record > 1
