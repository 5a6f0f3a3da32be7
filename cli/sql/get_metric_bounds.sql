-- The first and the last step of the values that get_metric.sql gives. $1 to $9: as there.
-- Columns: first_step, last_step (null: there is no value), from_time, to_time ($5 and $6; null without).
with picked as (
  select first_step, last_step, steps, times, superseded_from,
         $5::timestamptz is null and first_step >= $3::bigint and last_step <= $4::bigint
           and ($8::boolean or superseded_from is null or last_step < superseded_from) as whole
    from block_columns
   where run_id = $1::bigint and kind = 'metric' and name = $2
     and first_step <= $4 and last_step >= $3
     and ($8 or superseded_from is null or first_step < superseded_from)
     and ($7::integer is null or rank = $7)
     and ($9::integer is null or attempt = $9))
select min(case when whole then first_step else part.first end) as first_step,
       max(case when whole then last_step else part.last end) as last_step,
       $5 - make_interval(secs => $6::float8) as from_time,
       $5 + make_interval(secs => $6) as to_time
  from picked b
  left join lateral (
    select min(u.step) as first, max(u.step) as last
      from unnest(b.steps, b.times) as u(step, time)
     where not b.whole and u.step between $3 and $4
       and ($5 is null or u.time between $5 - make_interval(secs => $6) and $5 + make_interval(secs => $6))
       and ($8 or b.superseded_from is null or u.step < b.superseded_from)) part on true
