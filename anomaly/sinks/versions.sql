-- The newest version of each case of a day in one sink, and how many versions there are: :sink, :day.
-- Reads outbox. SQLite takes key and body from the row that max() found.
select
    case_id,
    key,
    body,
    count(*) as versions,
    max(rowid) as newest
from outbox
where sink = :sink and day = :day
group by case_id
order by case_id
