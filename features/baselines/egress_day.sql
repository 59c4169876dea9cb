-- stage:     baselines/egress_day
-- row:       what one host sent to one outside network on one day
-- key:       host
-- inputs:    egress
-- grain:     host, network
-- owner:     detection
select
    host,
    network,
    day,
    sum(bytes_out)::bigint as bytes_out
from egress
group by host, network, day
