-- Takes one finding, :key, for a receiver until :lease: due at :now, and no earlier version of its case still to be
-- sent there, so that a receiver hears of a case in the order in which it changed. Writes outbox.
update outbox
set due = :lease, attempts = attempts + 1
where
    key = :key
    and state = 'pending'
    and due <= :now
    and not exists (
        select 1
        from outbox as earlier
        where
            earlier.sink = outbox.sink
            and earlier.day = outbox.day
            and earlier.case_id = outbox.case_id
            and earlier.state = 'pending'
            and earlier.rowid < outbox.rowid
    )
