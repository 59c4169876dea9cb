-- stage:     sources/deliveries
-- row:       what one log source told of one account in one hour
-- key:       provider
-- inputs:    events
-- grain:     source, account_id, hour
-- owner:     detection
with labelled as (
    select
        source,
        provider,
        -- the account whose trail recorded the call is the one that a broken delivery silences; of Azure's resource
        -- logs it is the storage account, for each has a diagnostic setting of its own
        case
            when source = 'azure_storage' then coalesce(account_id, recipient_account, '')
            else coalesce(recipient_account, account_id, '')
        end as account_id,
        extract(hour from event_time)::integer as hour,
        epoch_us(event_time) as ts_us,
        operation = 'read' and outcome = 'ok' and source != 'cloudtrail_vpce' as is_read,
        operation in ('copy', 'share') and outcome = 'ok' and source != 'cloudtrail_vpce' as is_move,
        source != 'cloudtrail_vpce' and is_object_level(operation, bucket, object_key, api) as is_object,
        source in ('cloudtrail', 'gcs_audit', 'azure_activity') and operation in ('share', 'configure', 'auth')
            as is_control,
        bytes_read is not null as has_bytes,
        source_ip is not null or via_endpoint is not null or invoked_by is not null as has_address,
        destination_account is not null or destination_bucket is not null or destination_kind = 'public'
            as has_destination,
        request_id
    from events
),

-- the access log and Azure write a copy as two rows of one request: the other row names the destination, and so does
-- the trail's record of the same request
arrivals as (
    select distinct
        provider,
        request_id
    from events
    where
        request_id is not null
        and (
            operation = 'write'
            or (operation = 'copy' and coalesce(destination_account, destination_bucket) is not null)
        )
),

joined as (
    select
        l.*,
        l.has_destination or a.request_id is not null as is_destined
    from labelled as l
    left join arrivals as a on l.provider = a.provider and l.request_id = a.request_id
)

select
    source,
    account_id,
    $day::integer as day,
    hour,
    count(*) as events,
    count(*) filter (where is_object) as object_events,
    count(*) filter (where is_control) as control_events,
    count(*) filter (where is_read) as reads,
    count(*) filter (where is_read and has_bytes) as reads_with_bytes,
    count(*) filter (where is_read and has_address) as reads_with_address,
    count(*) filter (where is_move) as moves,
    count(*) filter (where is_move and is_destined) as moves_with_destination,
    min(ts_us) as first_us,
    max(ts_us) as last_us
from joined
group by provider, source, account_id, hour
