-- stage:     signals/destination
-- row:       how much of what a session moved or opened goes outside the organisation
-- key:       identity
-- inputs:    flows
-- grain:     session_id
-- owner:     detection
with outside as (
    select
        session_id,
        day,
        identity,
        destination,
        destination_relation,
        copies,
        shares,
        writes,
        objects,
        bytes_written,
        sensitivity_factor(sensitivity_weight) as factor
    from flows
    where destination != '' and destination_relation != 'own'
)

select
    session_id,
    day,
    identity,
    sum(copies)::bigint as copies_outside,
    sum(shares)::bigint as shares_outside,
    -- a partner counts half, and so does a place nobody mapped: it may be ours and unlisted
    max(
        case when copies + shares > 0
            then least(12.0, (3 + ln(1 + objects + 50 * shares)) * factor)
                * case destination_relation when 'foreign' then 1.0 when 'public' then 1.0 else .5 end
            else 0.0 end
    ) as destination_outside,
    max(above(case when writes > 0 then bytes_written else 0 end, 0, 4194304)) as destination_upload
from outside
group by session_id, day, identity
