-- One day of one actor: the largest of each signal and of each number a reason quotes, over its sessions of that day.
-- Reads session_features and sessions of the days looked back on; the columns wanted stand in the view `measured`.
select
    identity,
    actor,
    day,
    sum(reads) > 0 and sum(reads) = sum(reads_without_bytes) as is_unsized,
    max(columns(* exclude (identity, actor, day, reads, reads_without_bytes)))
from measured
where list_contains($actors, { 'identity': identity, 'actor': actor })
group by identity, actor, day
order by identity, actor, day
