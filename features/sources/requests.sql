-- stage:     sources/requests
-- row:       one record of a request that other records tell of too: whether it repeats them, or what they add to it
-- key:       request_id
-- inputs:    events
-- grain:     event_id
-- owner:     detection
with told as (
    -- one request is told of by the trail, the access log and the endpoint; of one server-side copy the services of
    -- AWS and Azure write a row for either side
    select
        request_id,
        event_id,
        source,
        operation,
        outcome,
        bucket,
        account_id,
        bytes_read,
        -- only these split a copy into rows; a write of any other request is an act of its own
        source = 's3_access' or (source = 'azure_storage' and api like 'CopyBlob%') as is_part_of_copy,
        -- the trail knows the caller best, the endpoint's record knows least
        case source when 'cloudtrail' then 1 when 's3_access' then 2 when 'cloudtrail_vpce' then 3 end as standing
    from events
    where
        request_id is not null
        and source in ('cloudtrail', 's3_access', 'cloudtrail_vpce', 'azure_storage')
),

requests as (
    select
        request_id,
        min(standing) as best_standing,
        max(bytes_read) filter (where source = 's3_access' and operation = 'read' and outcome = 'ok') as bytes_read,
        coalesce(bool_or(is_part_of_copy and operation = 'copy'), false) as has_source_side,
        min(event_id) filter (
            where is_part_of_copy and operation = 'write' and bucket is not null
        ) as target_event
    from told
    group by request_id
    having count(*) > 1
),

targets as (
    select
        r.request_id,
        t.bucket,
        t.account_id
    from requests as r
    inner join told as t on r.request_id = t.request_id and r.target_event = t.event_id
    where r.has_source_side
),

judged as (
    select
        t.event_id,
        t.request_id,
        coalesce(t.standing > r.best_standing, false)
        or (
            t.is_part_of_copy and t.operation = 'write'
            -- a copy's target side adds nothing to its source side; without one the first of its rows speaks
            and (r.has_source_side or (t.source = 'azure_storage' and t.event_id != r.target_event))
        ) as is_twin,
        case
            when t.source = 'cloudtrail' and t.operation = 'read' and t.outcome = 'ok' and t.bytes_read is null
                then r.bytes_read
        end as bytes_read,
        case when t.is_part_of_copy and t.operation = 'copy' then w.bucket end as destination_bucket,
        case when t.is_part_of_copy and t.operation = 'copy' then w.account_id end as destination_account
    from told as t
    inner join requests as r on t.request_id = r.request_id
    left join targets as w on t.request_id = w.request_id
)

select * from judged
where is_twin or bytes_read is not null or destination_bucket is not null
