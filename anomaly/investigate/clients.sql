-- One client that a session used, as it describes itself.
select
    tool,
    user_agent,
    count(*) as acts
from acts
where session_id = $session
group by tool, user_agent
order by acts desc, tool, user_agent
