-- Each record of a day that was pruned becomes one that cannot stand, for that day is never built again.
-- Reads and changes raw, of any format; $first is the first day that the lake keeps.
update raw
set
    defect = 'of ' || cast(event_time as date) || ', a day that was pruned: the lake keeps ' || $first || ' and later',
    defect_text = event_id
where not is_marker and defect is null and cast(event_time as date) < $first
