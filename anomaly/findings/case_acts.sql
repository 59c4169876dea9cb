-- The acts of some cases, each under its case instead of its session, so that what is asked of a session can be asked
-- of a case. Reads acts_of_the_day and scores of one day.
create or replace temporary table acts as
select a.* replace (scores.case_id as session_id)
from acts_of_the_day as a
inner join scores on a.session_id = scores.session_id
where list_contains($cases, scores.case_id)
