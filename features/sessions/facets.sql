-- stage:     sessions/facets
-- row:       one value of one facet (network, tool, bucket, …) that a session showed
-- key:       identity
-- inputs:    acts
-- grain:     session_id, facet, value
-- owner:     detection
with told as (
    select
        *,
        -- who stands behind a role, where that is known. Machines come and go, so all of them are one value, and so are
        -- the people who sign in to a role as themselves: the actor is that person already
        case
            when origin like 'instance:%' then 'instance'
            when actor = identity || '/' || session_name and ends_with(origin, session_name) and origin != actor
                then 'self'
            when origin != actor then origin
        end as known_origin
    from acts
    where operation != 'auth'
),

combinations as (
    -- a session shows few combinations; unpivoting those instead of its acts is what keeps this cheap
    select
        session_id,
        day,
        identity,
        actor,
        identity_kind,
        network,
        network_kind,
        country,
        tool,
        -- temporary keys (ASIA…) are new by nature and say nothing
        case when access_key_id like 'AKIA%' then access_key_id end as credential,
        bucket,
        -- a move within the organisation is one habit, wherever in it the data lands; where it stays as guarded, none
        case when not stays_guarded then case when destination_relation = 'own' then 'own' else destination end end
            as destination,
        case when via_endpoint is not null and network_kind = 'internet' then 'endpoint from outside' end as path,
        -- the credential of a virtual machine names the machine and has no business elsewhere
        case when regexp_matches(session_name, '^i-[0-9a-f]{8,17}$') then network_kind end as machine_network,
        known_origin as origin,
        count(*) as acts,
        count(*) filter (where outcome = 'ok') as acts_ok
    from told
    group by
        session_id, day, identity, actor, identity_kind, network, network_kind, country, tool, credential,
        bucket,
        case when not stays_guarded then case when destination_relation = 'own' then 'own' else destination end end,
        path,
        machine_network,
        known_origin
),

unpivoted as (
    select
        session_id,
        day,
        identity,
        actor,
        identity_kind,
        acts,
        acts_ok,
        unnest([
            { facet: 'active', value: '' },
            { facet: 'network', value: network },
            { facet: 'network_kind', value: network_kind },
            { facet: 'country', value: country },
            { facet: 'tool', value: tool },
            { facet: 'credential', value: credential },
            { facet: 'bucket', value: bucket },
            { facet: 'destination', value: destination },
            { facet: 'path', value: path },
            { facet: 'machine_network', value: machine_network },
            { facet: 'origin', value: origin },
            -- the days by which an origin is judged: those on which one was known
            { facet: 'origin_known', value: case when origin is not null then '' end }
        ], recursive := true)
    from combinations
)

select
    session_id,
    day,
    identity,
    actor,
    min(identity_kind) as identity_kind,
    facet,
    value,
    sum(acts)::bigint as acts,
    sum(acts_ok)::bigint as acts_ok
from unpivoted
where value is not null
group by session_id, day, identity, actor, facet, value
