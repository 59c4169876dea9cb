-- stage:     sources/chains
-- row:       one credential at work that day whose way back to the caller at its start is known
-- key:       identity
-- inputs:    events, issued
-- history:   issued 2
-- broadcast: issued, issued_history
-- grain:     identity, session_name, access_key_id
-- owner:     detection
with recursive handed_out as (
    -- a credential outlives the day it was handed out on: a role's by 12 hours, a federated one's by 36
    select * from issued
    union all by name
    select * from issued_history
),

by_key as (
    -- where two callers are told of for one credential, nobody is named
    select
        issued_key_id,
        min(identity) as caller,
        min(identity_kind) as caller_kind,
        min(session_name) as caller_session,
        min(access_key_id) as caller_key
    from handed_out
    where issued_key_id is not null
    group by issued_key_id
    having count(distinct (identity, session_name)) = 1
),

by_session as (
    select
        issued_identity,
        issued_session,
        min(identity) as caller,
        min(identity_kind) as caller_kind,
        min(session_name) as caller_session,
        -- with several keys the way goes on by the session's name alone
        case when count(distinct access_key_id) = 1 then min(access_key_id) else '' end as caller_key
    from handed_out
    where issued_identity is not null and issued_session is not null
    group by issued_identity, issued_session
    having count(distinct (identity, session_name)) = 1
),

by_account as (
    -- whoever alone read a storage account's keys that day is the one known to hold them: evidence, not proof
    select
        issued_identity,
        min(identity) as caller,
        min(identity_kind) as caller_kind,
        min(session_name) as caller_session,
        min(access_key_id) as caller_key,
        min(ts_us) as since_us
    from issued
    where issued_identity like 'storage-account:%'
    group by issued_identity
    having count(distinct (identity, session_name)) = 1
),

at_work as (
    select
        identity,
        coalesce(session_name, '') as session_name,
        coalesce(access_key_id, '') as access_key_id,
        -- an account's key, or a signature made with one, that was used on that one account
        case
            when
                (identity like 'account-key:%' or (identity like 'sas:%' and min(role_chain) like 'account-key:%'))
                and count(distinct account_id) = 1
                then 'storage-account:' || min(account_id)
        end as key_of,
        concat_ws(' -> ', case when identity like 'sas:%' then min(role_chain) end, identity) as name,
        epoch_us(min(event_time)) as first_us
    from events
    where operation != 'flow'
    group by identity, coalesce(session_name, ''), coalesce(access_key_id, '')
),

climbed as (
    select
        identity,
        session_name,
        access_key_id,
        key_of,
        first_us,
        0 as hops,
        identity as above,
        session_name as above_session,
        access_key_id as above_key,
        null::varchar as above_kind,
        concat_ws('/', name, nullif(session_name, '')) as path
    from at_work
    union all
    select
        c.identity,
        c.session_name,
        c.access_key_id,
        null::varchar as key_of,
        c.first_us,
        c.hops + 1 as hops,
        coalesce(k.caller, s.caller, a.caller) as above,
        coalesce(k.caller_session, s.caller_session, a.caller_session) as above_session,
        coalesce(k.caller_key, s.caller_key, a.caller_key) as above_key,
        coalesce(k.caller_kind, s.caller_kind, a.caller_kind) as above_kind,
        concat_ws(
            '/',
            coalesce(k.caller, s.caller, a.caller),
            nullif(coalesce(k.caller_session, s.caller_session, a.caller_session), '')
        ) || ' -> ' || c.path as path
    from climbed as c
    left join by_key as k on c.above_key = k.issued_key_id
    left join by_session as s on c.above = s.issued_identity and c.above_session = s.issued_session
    left join by_account as a on c.key_of = a.issued_identity and c.first_us >= a.since_us
    -- five hops are more than any chain seen; a role that assumes itself would go round for ever
    where
        c.hops < 5
        and coalesce(k.caller, s.caller, a.caller) is not null
        -- a virtual machine is a start: that its cloud's own service gave it the role says nothing
        and not regexp_matches(c.above_session, '^i-[0-9a-f]{8,17}$')
),

ranked as (
    select
        *,
        row_number() over (partition by identity, session_name, access_key_id order by hops desc) as place
    from climbed
    -- a user's own session token leads back to the user, which says nothing
    where hops > 0 and (session_name != '' or above != identity)
)

select
    identity,
    session_name,
    access_key_id,
    hops,
    -- machines that share a role are one origin, as they are one actor; people are told apart
    case
        when regexp_matches(above_session, '^i-[0-9a-f]{8,17}$') then 'instance:' || above_session
        when above_session != '' and (above_kind = 'human' or above_session like '%@%')
            then above || '/' || above_session
        else above
    end as origin,
    path as role_chain
from ranked
where place = 1
