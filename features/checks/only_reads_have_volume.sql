-- check:     checks/only_reads_have_volume
-- row:       an act that has object volume although it is no successful read
-- inputs:    acts
-- owner:     detection
select
    event_id,
    operation,
    outcome,
    bytes_read
from acts
where bytes_read is not null and (operation != 'read' or outcome != 'ok' or bytes_read < 0)
