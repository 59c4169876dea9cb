-- One day of a large organisation as rows of the events table: $identities identities, a twentieth of them machines,
-- in some sessions a day each; a few identities make most of the calls. The same day always gives the same rows.
-- Drawn with hashes, which the feature stages may not use: this is made-up data, and only one machine reads it.
with drawn as (
    select
        i as n,
        hash(i, $day, 1) / 18446744073709551616.0 as u_identity,
        hash(i, $day, 2) / 18446744073709551616.0 as u_time,
        hash(i, $day, 3) / 18446744073709551616.0 as u_size,
        (hash(i, $day, 4) % 100)::integer as u_call,
        (hash(i, $day, 5) % 3)::integer as sitting
    from range($events) as t (i)
),

placed as (
    select
        *,
        floor($identities * pow(u_identity, 3))::bigint as who
    from drawn
),

called as (
    select
        *,
        who % 20 = 0 as is_machine,
        -- a person's sittings lie between 7 and 19 o'clock, a machine's anywhere; each takes twenty minutes
        case
            when who % 20 = 0 then (hash(who, sitting, 6) % 1420)::bigint
            else 420 + (hash(who, sitting, 7) % 700)::bigint
        end * 60 + floor(u_time * 1200)::bigint as second,
        case when u_call < 85 then 'read' when u_call < 95 then 'list' else 'write' end as operation,
        'bucket-' || (hash(who, n % 3, 8) % 2000) as bucket
    from placed
)

select
    case when is_machine then 'arn:aws:iam::111111111111:role/job-' || who
        else 'arn:aws:iam::111111111111:user/user-' || who end as identity,
    case when is_machine then 'workload' else 'human' end as identity_kind,
    case when is_machine then 'i-' || printf('%017x', who) end as session_name,
    case when is_machine then 'ASIA' else 'AKIA' end || printf('%016d', who) as access_key_id,
    'e' || $day || '-' || n as event_id,
    'r' || $day || '-' || n as request_id,
    make_timestamp((($day * 86400) + second) * 1000000 + n % 1000000) as event_time,
    'aws' as provider,
    '111111111111' as account_id,
    '111111111111' as recipient_account,
    '111111111111' as identity_account,
    'eu-west-1' as region,
    'cloudtrail' as source,
    case
        when is_machine then '10.' || who % 16 || '.' || (who // 16) % 250 || '.7'
        else '198.51.' || who % 100 || '.9'
    end as source_ip,
    'aws-cli/2' as user_agent,
    'aws-cli' as tool,
    operation,
    case operation when 'read' then 'GetObject' when 'list' then 'ListObjects' else 'PutObject' end as api,
    'ok' as outcome,
    bucket,
    case when operation != 'list' then 'data/part-' || n end as object_key,
    case when operation = 'read' then floor(exp(8 + 8 * u_size))::bigint end as bytes_read,
    case when operation = 'write' then floor(exp(8 + 4 * u_size))::bigint end as bytes_written,
    'drawn' as evidence_file,
    n as evidence_record
from called
