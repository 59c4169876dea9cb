-- Makes due again what was given up, but no version of a case that a newer one took the place of. Writes outbox; reads
-- replaced.
update outbox
set state = 'pending', attempts = 0, due = 0
where
    state = 'dead'
    and not exists (select 1 from replaced where replaced.key = outbox.key)
