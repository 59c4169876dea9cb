-- One version of one finding for one receiver. state: pending, sent, or dead (refused, or tried too often; it is kept).
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
)
