-- One session of the day and its place in its case. Reads scores of one day.
select
    case_id,
    session_id,
    identity,
    actor,
    rank,
    headline
from scores
order by case_id, rank
