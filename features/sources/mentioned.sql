-- stage:     sources/mentioned
-- row:       one address, bucket or account that the day's events mention (what the organisation's own files may label)
-- key:       none
-- inputs:    events
-- grain:     kind, value
-- owner:     detection
with mentions as (
    select
        'address' as kind,
        source_ip as value
    from events
    union all
    select
        'bucket' as kind,
        bucket as value
    from events
    union all
    select
        'bucket' as kind,
        destination_bucket as value
    from events
    union all
    select
        'account' as kind,
        identity_account as value
    from events
    union all
    select
        'account' as kind,
        account_id as value
    from events
    union all
    select
        'account' as kind,
        destination_account as value
    from events
)

select
    kind,
    value
from mentions
where value is not null
group by kind, value
