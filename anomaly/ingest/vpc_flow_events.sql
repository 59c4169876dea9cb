-- The event table's columns for one UTC day of a batch of VPC flow logs, without those that its log never has.
-- Reads raw (vpc_flow_read.sql), files and repeated (rows already loaded).
select
    event_id,
    event_time,
    'aws' as provider,
    account_id,
    account_id as recipient_account,
    region,
    'vpc_flow' as source,
    coalesce('workload:' || instance_id, 'address:' || source_address) as identity,
    'workload' as identity_kind,
    account_id as identity_account,
    source_address as source_ip,
    'unknown' as tool,
    'flow' as operation,
    'Flow' as api,
    'ok' as outcome,
    'network' as destination_kind,
    instance_id as workload,
    end_time,
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
