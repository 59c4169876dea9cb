-- Keys of what was handed over of days before :before. A day that still has something to hand over in a sink keeps
-- all of it there: its folder's file is made of all, and what was given up may be tried again, unless a newer version
-- of its case took its place. Reads outbox and replaced.
select settled.key
from outbox as settled
where
    settled.day < :before
    and not exists (
        select 1
        from outbox as waiting
        where
            waiting.sink = settled.sink
            and waiting.day = settled.day
            and (
                waiting.state = 'pending'
                or (
                    waiting.state = 'dead'
                    and not exists (select 1 from replaced where replaced.key = waiting.key)
                )
            )
    )
