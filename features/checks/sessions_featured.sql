-- check:     checks/sessions_featured
-- row:       a session that touched storage without exactly one row of features
-- inputs:    sessions, session_features
-- owner:     detection
select
    s.session_id,
    count(f.session_id) as features
from sessions as s
left join session_features as f on s.session_id = f.session_id
where s.acts > s.auths
group by s.session_id
having count(f.session_id) != 1
