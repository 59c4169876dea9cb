-- One log file that tells of a session, and the records in it.
select
    evidence_file as file,
    count(*) as records,
    list(evidence_record order by evidence_record)[:10] as ordinals
from acts
where session_id = $session
group by evidence_file
order by min(ts_us), evidence_file
limit $most
