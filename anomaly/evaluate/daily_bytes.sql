-- Baseline (a): how many standard deviations an actor's bytes of a day lie above its own 30 days strictly before.
-- Reads the view actor_days (actor, day, bytes_read: one row an actor and active day). Grain: actor, day. Owner: detection
with with_past as (
    select
        actor,
        day,
        bytes_read,
        count(*) over own as own_days,
        avg(bytes_read) over own as own_mean,
        stddev_samp(bytes_read) over own as own_deviation,
        avg(bytes_read) over everyone as wide_mean,
        stddev_samp(bytes_read) over everyone as wide_deviation
    from actor_days
    window
        own as (partition by actor order by day range between 30 preceding and 1 preceding),
        everyone as (order by day range between 30 preceding and 1 preceding)
),

-- fewer than three days of its own tell no spread: such an actor is held against everyone's days
referred as (
    select
        actor,
        day,
        bytes_read,
        coalesce(case when own_days >= 3 then own_mean else wide_mean end, 0) as mean,
        coalesce(case when own_days >= 3 then own_deviation else wide_deviation end, 0) as deviation
    from with_past
)

-- habits that hardly vary would make any change infinite: the deviation is at least a tenth of the mean and 1 MiB
select
    actor,
    day,
    (bytes_read - mean) / greatest(deviation, 0.1 * mean, 1048576) as score
from referred
order by actor, day
