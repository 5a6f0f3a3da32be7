-- The first and the last step of the values that get_metric.sql gives, and which roll-ups are fine enough for so
-- many stretches of them. $1 to $9: as there; $10 bigint: stretches.
-- Columns: first_step, last_step (null: there is no value), from_time, to_time ($5 and $6; null without), level
-- (0: none), unit (steps: buckets of this level begin at multiples of it, or of a part).
with picked as (
  select first_step, last_step, steps, times, superseded_from,
         $5::timestamptz is null and first_step >= $3::bigint and last_step <= $4::bigint
           and ($8::boolean or superseded_from is null or last_step < superseded_from) as whole
    from block_columns
   where run_id = $1::bigint and kind = 'metric' and name = $2
     and first_step <= $4 and last_step >= $3
     and ($8 or superseded_from is null or first_step < superseded_from)
     and ($7::integer is null or rank = $7)
     and ($9::integer is null or attempt = $9)),
rolled as (
  select level, width, first_step, last_step, raw_from
    from rollup_columns
   where run_id = $1 and kind = 'metric' and name = $2 and $5 is null
     and first_step <= $4 and last_step >= $3
     and ($8 or superseded_from is null or first_step < superseded_from)
     and ($7 is null or rank = $7)
     and ($9 is null or attempt = $9)),
bounds as (
  select min(first_step) as first_step, max(last_step) as last_step
    from (select case when whole then b.first_step else part.first end as first_step,
                 case when whole then b.last_step else part.last end as last_step
            from picked b
            left join lateral (
              select min(u.step) as first, max(u.step) as last
                from unnest(b.steps, b.times) as u(step, time)
               where not b.whole and u.step between $3 and $4
                 and ($5 is null or u.time between $5 - make_interval(secs => $6) and $5 + make_interval(secs => $6))
                 and ($8 or b.superseded_from is null or u.step < b.superseded_from)) part on true
          union all
          select greatest(first_step, $3), least(last_step, raw_from - 1, $4) -- what retention removed
            from rolled
           where first_step < raw_from) ends),
widths as (
  select max(width) filter (where level = 1) as one, max(width) filter (where level = 2) as two
    from rolled)
select b.first_step, b.last_step,
       $5 - make_interval(secs => $6::float8) as from_time,
       $5 + make_interval(secs => $6) as to_time,
       case when two <= stretch then 2 when one <= stretch then 1 else 0 end::bigint as level,
       case when two <= stretch then two when one <= stretch then one else 1 end::bigint as unit
  from bounds b, widths w,
       lateral (select 2 * (b.last_step::float8 - b.first_step + 1) / $10::bigint as stretch) s
