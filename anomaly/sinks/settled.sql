-- Keys of what was handed over of days before :before. A day that still has something to hand over in a sink keeps all
-- of it there: its folder's file is made of all, and what was given up may be tried again. Reads outbox.
select sent.key
from outbox as sent
where
    sent.day < :before
    and not exists (
        select 1
        from outbox as waiting
        where waiting.sink = sent.sink and waiting.day = sent.day and waiting.state != 'sent'
    )
