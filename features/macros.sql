-- What every stage may use. Each answers "how far above", never "how different": unusually quiet is not unusual here.

-- Natural log of how far a value stands above its reference, 0 when below, at most 12 (a factor of 163,000). The floor
-- keeps small numbers from looking large: 3 objects against none is nothing.
create or replace macro above(value, reference, floor_) as
    least(12.0, greatest(0.0, ln((coalesce(value, 0) + floor_) / (coalesce(reference, 0) + floor_))));

-- Surprisal in nats of something that happens with this probability, beyond that of an even chance: 0 for what happens
-- every second time or more often, at most 12 (1 in 326,000).
create or replace macro surprise(probability) as
    least(12.0, greatest(0.0, -ln(2 * probability)));

-- Probability of a value seen on some of an actor's days, backed off to a wider group by one day's weight.
create or replace macro backed_off(days_with_value, days, wider_probability) as
    (coalesce(days_with_value, 0) + wider_probability) / (coalesce(days, 0) + 1);

-- What an actor's day is held to: its own most; under five days of its own, the kind's busy days as well.
create or replace macro own_most(own_days, own, kind) as
    case when own_days >= 5 then own else greatest(own, kind, 0) end;

-- How much a bucket's sensitivity counts, 0 to 1: public 0, internal .32, confidential .63, restricted 1.
create or replace macro sensitivity_factor(weight) as
    sqrt(least(10, coalesce(weight, 0)) / 10.0);

-- Saturday or Sunday, of a day counted from 1970-01-01 (a Thursday).
create or replace macro is_weekend(day) as
    (day + 4) % 7 in (0, 6);

-- How a bucket, or an account, is written as a destination: as in workflows.csv. A Google account with a dot and no
-- colon is the mail domain of a user of another organisation (a project id has no dot, one of a domain has a colon).
create or replace macro bucket_address(cloud, bucket) as
    case cloud when 'gcp' then 'gs://' when 'azure' then 'azure-account:' else 's3://' end || bucket;

create or replace macro account_address(cloud, account) as
    case
        when cloud = 'gcp' and contains(account, '.') and not contains(account, ':') then 'gcp-domain:'
        when cloud = 'gcp' then 'gcp-project:'
        when cloud = 'azure' then 'azure-account:'
        else 'aws-account:'
    end || account;

-- Whether a call is one that object-level logs alone show: it names an object, or lists or deletes many at once. Calls
-- on the bucket itself (its policy, its settings) are in the control plane's logs.
create or replace macro is_object_level(operation, bucket, object_key, api) as
    bucket is not null and operation in ('read', 'list', 'head', 'write', 'copy', 'delete', 'restore')
    and (
        object_key is not null
        or (operation = 'list' and api not ilike '%configuration%')
        or api ilike '%delete%objects'
    );

-- Relative variance of a daily count beyond Poisson's, by moments, at least .02 (no real count varies less than 14 %
-- from day to day), widened by what so few days leave open of the mean.
create or replace macro spread(days, total, squares) as
    greatest(0.02, ((squares - total::double * total / days) / (days - 1) - total::double / days)
        / (total::double / days * total / days)) * (1 + 1.0 / days) + 1.0 / total;

-- Nats against a count as low as ``found`` where its mean and relative variance are such: Chernoff's bound on the lower
-- tail of a negative binomial, exact at 0, so chance is at most exp(-nats).
create or replace macro silence_nats(found, mean, spread) as
    case
        when found >= mean then 0.0
        else
            (found + 1 / spread) * -ln((found + 1 / spread) / (mean + 1 / spread))
            + case when found = 0 then 0.0 else found * ln(found / mean) end
    end;

-- The same from the days before: their number, the sum and the sum of squares of their counts. Under 5 a day, or under
-- 3 days, nothing is said: 0.
create or replace macro silence(found, days, total, squares) as
    case
        when days < 3 or total < 5 * days then 0.0
        else silence_nats(found, total::double / days, spread(days, total, squares))
    end;
