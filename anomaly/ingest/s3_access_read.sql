-- One row a line of S3 server access logs, split into its fields, or a line that cannot stand.
-- Reads lines(rn, segment, record, line). The pattern runs only for lines that quotes and blanks do not split cleanly.
create or replace temp table raw as
with quotes as (
    select
        *,
        string_split(line, '"') as quoted
    from lines
),

split as (
    select
        *,
        string_split(quoted[1], ' ') as head,
        string_split(quoted[3], ' ') as numbers,
        string_split(quoted[7], ' ') as ends
    from quotes
),

sorted as (
    select
        *,
        coalesce(
            len(quoted) = 7 and len(head) = 10 and len(numbers) = 8 and starts_with(head[3], '[')
            and not list_contains(head[1:9], '') and not list_contains(numbers[2:7], ''), false
        ) as is_plain
    from split
),

fields as (
    select
        rn,
        segment,
        record,
        line,
        true as is_line,
        head[2] as bucket,
        head[3][2:] || ' ' || head[4][:-2] as written_time,
        head[5] as address,
        head[6] as requester,
        head[7] as request_id,
        head[8] as operation_name,
        head[9] as object_key,
        quoted[2] as uri,
        numbers[2] as status,
        numbers[3] as error,
        numbers[4] as bytes_sent,
        numbers[5] as object_size,
        quoted[6] as agent,
        ends[6] as auth,
        ends[7] as host
    from sorted
    where is_plain
    union all
    select
        rn,
        segment,
        record,
        line,
        found.bucket != '',
        found.bucket,
        found.time,
        found.address,
        found.requester,
        found.request_id,
        found.operation_name,
        found.object_key,
        found.uri,
        found.status,
        found.error,
        found.bytes_sent,
        found.object_size,
        found.agent,
        string_split(found.tail, ' ')[4],
        string_split(found.tail, ' ')[5]
    from (
        select
            *,
            regexp_extract(line, $line_pattern, $fields) as found
        from sorted
        where not is_plain
    )
),

timed as (
    select
        *,
        try_strptime(written_time, '%d/%b/%Y:%H:%M:%S %z') at time zone 'UTC' as event_time
    from fields
),

judged as (
    select
        *,
        case
            when not is_line then 'no S3 server access log line'
            when event_time is null then 'the time ' || left(written_time, 60) || ' cannot be read'
            when event_time not between timestamp '2006-03-14' and timestamp '2100-01-01'
                then 'the time ' || left(written_time, 60) || ' is outside 2006-03-14 (S3 opened) to 2100-01-01'
        end as defect
    from timed
)

-- what no event needs is left here: a batch is held in memory
select
    * exclude (line, is_line, written_time, uri),
    false as is_marker,
    'digest-' || md5(line) as event_id,
    case when auth = 'QueryString' or contains(uri, 'prefix=') then uri end as uri,
    case when defect is not null then line end as defect_text
from judged
