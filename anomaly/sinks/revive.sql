-- Makes due again what was given up, but no version of a case that a newer one took the place of. Writes outbox.
update outbox
set state = 'pending', attempts = 0, due = 0
where
    state = 'dead'
    and not exists (
        select 1
        from outbox as newer
        where
            newer.sink = outbox.sink
            and newer.day = outbox.day
            and newer.case_id = outbox.case_id
            and newer.rowid > outbox.rowid
    )
