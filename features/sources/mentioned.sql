-- stage:     sources/mentioned
-- row:       one address, bucket, account or identity that the day's events mention (what the context may label)
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
        'address' as kind,
        destination_ip as value
    from events
    union all
    select
        'identity' as kind,
        identity as value
    from events
    where operation != 'flow'
    union all
    select
        'bucket' as kind,
        bucket as value
    from events
    union all
    select
        'bucket' as kind,
        -- a bucket of another cloud is named with its scheme, in the organisation's files without
        regexp_replace(destination_bucket, '^(s3://|gs://|azure-account:)', '') as value
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
    union all
    -- of Azure the bucket is ACCOUNT/CONTAINER, so a copy into it names the account
    select
        'account' as kind,
        nullif(split_part(regexp_replace(destination_bucket, '^azure-account:', ''), '/', 1), '') as value
    from events
    where provider = 'azure' or destination_bucket like 'azure-account:%'
)

select
    kind,
    value
from mentions
where value is not null
group by kind, value
