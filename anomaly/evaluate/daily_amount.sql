-- Baselines: how many standard deviations an actor's amount of a day lies above its own 30 days strictly before.
-- Reads the view actor_days (actor, day, amount: one row an actor and active day). $least: the smallest deviation, in
-- the amount's unit. Grain: actor, day. Owner: detection
with with_past as (
    select
        actor,
        day,
        amount,
        count(*) over own as own_days,
        avg(amount) over own as own_mean,
        stddev_samp(amount) over own as own_deviation,
        avg(amount) over everyone as wide_mean,
        stddev_samp(amount) over everyone as wide_deviation
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
        amount,
        coalesce(case when own_days >= 3 then own_mean else wide_mean end, 0) as mean,
        coalesce(case when own_days >= 3 then own_deviation else wide_deviation end, 0) as deviation
    from with_past
)

-- habits that hardly vary would make any change infinite: the deviation is at least a tenth of the mean and $least
select
    actor,
    day,
    (amount - mean) / greatest(deviation, 0.1 * mean, $least) as score
from referred
order by actor, day
