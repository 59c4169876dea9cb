-- row:    one object of the bucket that the logs saw read, and its size where one of them tells it
-- inputs: events (days before)
-- $bucket: the bucket that is asked about; $most: objects kept, drawn by the hash of the key
select
    object_key,
    -- a part of an object says less than the whole
    max(bytes_read) as size
from events
where bucket = $bucket and operation = 'read' and outcome = 'ok' and object_key is not null
group by object_key
qualify row_number() over (order by md5(object_key), object_key) <= $most
order by object_key
