-- One value a metric and step, made of those of all ranks that get_snapshot.sql gives. Of several values of a
-- rank at a step the latest counts. $1 to $9, the order, and $10 bigint: as there; $11 text: how
-- (across_ranks). Columns: metric, timestamp (the latest), step, value, ranks (how many had one).
with latest as (
  select distinct on (name, u.step, rank) name, position, u.step, u.time, u.value
    from metric_blocks, unnest(steps, times, values) with ordinality as u(step, time, value, n)
   where run_id = $1::bigint and kind = 'metric'
     and first_step <= $3::bigint and last_step >= $2::bigint
     and u.step between $2 and $3
     and ($4::timestamptz is null
          or u.time between $4 - make_interval(secs => $5::float8)
                        and $4 + make_interval(secs => $5::float8))
     and ($6::integer is null or rank = $6)
     and ($7::boolean or superseded_from is null or u.step < superseded_from)
     and ($8::integer is null or attempt = $8)
   order by name, u.step, rank, u.time desc, attempt desc, first_step desc, u.n desc),
across as (
  select name, min(position) as position, min(time) as first_time, max(time) as time, step,
         across_ranks($11::text, array_agg(value)) as value, count(*) as ranks
    from latest
   group by name, step)
select name as metric, time as timestamp, step, value, ranks
  from across
window by_name as (partition by name)
 order by case when $9::boolean then name end collate "C",
          min(first_time) over by_name, min(position) over by_name, name collate "C",
          time, step
 limit $10::bigint
