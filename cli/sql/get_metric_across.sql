-- One value a step, made of those of all ranks that get_metric.sql gives, in the order of their times. Of
-- several values of a rank at a step the latest counts.
-- $1 to $9: as in get_metric.sql; $10 text: how; $11 bigint[]: only these steps, or null.
-- Columns: timestamp (the latest), step, value, ranks (how many had one).
-- The case says the same as across_ranks(), whose million calls would take four times as long; the planner
-- leaves its one branch.
with latest as (
  select distinct on (u.step, rank) u.step, u.time, u.value
    from metric_blocks, unnest(steps, times, values) with ordinality as u(step, time, value, n)
   where run_id = $1::bigint and kind = 'metric' and name = $2
     and first_step <= $4::bigint and last_step >= $3::bigint
     and u.step between $3 and $4
     and ($5::timestamptz is null
          or u.time between $5 - make_interval(secs => $6::float8)
                        and $5 + make_interval(secs => $6::float8))
     and ($7::integer is null or rank = $7)
     and ($8::boolean or superseded_from is null or u.step < superseded_from)
     and ($9::integer is null or attempt = $9)
     and ($11::bigint[] is null or u.step = any ($11))
   order by u.step, rank, u.time desc, attempt desc, first_step desc, u.n desc)
select max(time) as timestamp, step,
       case $10::text
         when 'mean' then avg(value)
         when 'min' then min(value)
         when 'max' then max(value)
         when 'p50' then percentile_cont(0.5) within group (order by value)
         when 'p99' then percentile_cont(0.99) within group (order by value)
       end as value,
       count(*) as ranks
  from latest
 group by step
 order by timestamp, step
