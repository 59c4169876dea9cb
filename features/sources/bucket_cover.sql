-- stage:     sources/bucket_cover
-- row:       what one log source told of the objects of one bucket on one day
-- key:       bucket
-- inputs:    events
-- grain:     bucket, provider, source
-- owner:     detection
with object_level as (
    select * from events
    -- a private endpoint's rows repeat calls, and only where the endpoint is: they do not show that a bucket is watched
    where source != 'cloudtrail_vpce' and is_object_level(operation, bucket, object_key, api)
)

select
    bucket,
    provider,
    source,
    coalesce(max(account_id), '') as account_id,
    $day::integer as day,
    count(*) as events,
    count(distinct extract(hour from event_time)) as hours,
    count(*) filter (where operation = 'read' and outcome = 'ok') as reads,
    count(*) filter (where operation = 'read' and outcome = 'ok' and bytes_read is not null) as reads_with_bytes,
    count(*) filter (where operation = 'copy' and outcome = 'ok') as copies,
    count(*) filter (
        where
        operation = 'copy' and outcome = 'ok'
        and (destination_account is not null or destination_bucket is not null)
    ) as copies_with_destination,
    coalesce(sum(bytes_read), 0)::bigint as bytes_read,
    min(epoch_us(event_time)) as first_us,
    max(epoch_us(event_time)) as last_us
from object_level
group by bucket, provider, source
