-- stage:     sources/issued
-- row:       one credential that a call handed out: whom it was for and who asked
-- key:       none
-- inputs:    events, twins
-- grain:     event_id
-- owner:     detection
select
    event_id,
    epoch_us(event_time) as ts_us,
    issued_identity,
    issued_session,
    issued_key_id,
    identity,
    identity_kind,
    coalesce(session_name, '') as session_name,
    coalesce(access_key_id, '') as access_key_id
from events
where
    operation = 'auth' and outcome = 'ok' and (issued_identity is not null or issued_key_id is not null)
    -- recorded in two accounts, only one of the records knows who asked
    and event_id not in (select event_id from twins)
