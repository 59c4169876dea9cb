-- row:    one bucket whose objects were read, and by how many
-- inputs: events (days before those that are tried)
-- Only where a log tells which object was read can a theft of objects be shaped.
select
    bucket,
    provider,
    count(distinct identity) as readers
from events
where operation = 'read' and outcome = 'ok' and object_key is not null and bucket is not null
group by bucket, provider
order by readers desc, bucket, provider
