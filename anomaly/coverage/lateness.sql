-- One source of one day: how long after its last event each file was written, the median file; nothing where the file's
-- time is unknown. Reads events of the day and files (name, mtime_ns).
with files_of as (
    select
        source,
        evidence_file,
        max(epoch_us(event_time)) as last_us
    from events
    group by source, evidence_file
),

written as (
    select
        name,
        max(mtime_ns) // 1000 as written_us
    from files
    group by name
)

select
    f.source,
    count(*) as files,
    quantile_disc(w.written_us - f.last_us, 0.5) // 1000000 as lag_seconds
from files_of as f
inner join written as w on f.evidence_file = w.name
group by f.source
order by f.source
