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
