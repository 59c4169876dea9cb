-- stage:     sources/issued
-- row:       one credential that a call handed out: whom it was for and who asked
-- key:       none
-- inputs:    events, twins
-- grain:     event_id
-- owner:     detection
select
    events.event_id,
    epoch_us(event_time) as ts_us,
    issued_identity,
    issued_session,
    issued_key_id,
    identity,
    identity_kind,
    coalesce(session_name, '') as session_name,
    coalesce(access_key_id, '') as access_key_id
from events
-- recorded in two accounts, only one of the records knows who asked
anti join twins on events.event_id = twins.event_id
where operation = 'auth' and outcome = 'ok' and (issued_identity is not null or issued_key_id is not null)
