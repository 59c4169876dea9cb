-- The event table's columns for one UTC day of a batch of Azure flow logs, without those that its log never has.
-- Reads raw (azure_flow_read.sql), files and repeated (rows already loaded). A tuple has one time, its end.
select
    event_id,
    event_time,
    'azure' as provider,
    subscription as account_id,
    subscription as recipient_account,
    region,
    'azure_flow' as source,
    coalesce('workload:' || machine, 'address:' || source_address) as identity,
    'workload' as identity_kind,
    subscription as identity_account,
    source_address as source_ip,
    'unknown' as tool,
    'flow' as operation,
    'Flow' as api,
    'ok' as outcome,
    'network' as destination_kind,
    machine as workload,
    event_time as end_time,
    destination_address as destination_ip,
    destination_port,
    bytes_out,
    files.file as evidence_file,
    raw.record as evidence_record
from raw
inner join files on raw.segment = files.segment
where
    raw.defect is null and cast(raw.event_time as date) = $day
    and raw.rn not in (select rn from repeated)
