-- One version of one finding for one sink. state: pending, sent, or dead (refused, or tried too often; it is kept).
-- Of a case's rows the newest is the one that holds; its number among them is in its key.
create table if not exists outbox (
    key text primary key,
    sink text not null,
    case_id text not null,
    day text not null,
    body blob not null,
    state text not null default 'pending',
    attempts integer not null default 0,
    due real not null default 0,
    problem text not null default ''
);

create index if not exists outbox_day on outbox (sink, day, case_id);

create index if not exists outbox_state on outbox (sink, state, due);

-- Versions that a newer one of their case took the place of.
create temp view if not exists replaced as
select older.key
from outbox as older
where
    exists (
        select 1
        from outbox as newer
        where
            newer.sink = older.sink
            and newer.day = older.day
            and newer.case_id = older.case_id
            and newer.rowid > older.rowid
    );
