-- Values of all metrics in a span of steps or times, metric by metric; inside a metric as in
-- get_metric.sql. $1 to $8: as $1, $3 to $9 there. $9 boolean: metrics by name, else in the order
-- in which they first appear; $10 bigint: rows at most, or null. Columns: metric, timestamp, step, value, rank, attempt.
with picked as (
  select name, position, u.time, u.step, u.value, rank, attempt, first_step, u.n
    from metric_blocks, unnest(steps, times, values) with ordinality as u(step, time, value, n)
   where run_id = $1::bigint and kind = 'metric'
     and first_step <= $3::bigint and last_step >= $2::bigint
     and u.step between $2 and $3
     and ($4::timestamptz is null
          or u.time between $4 - make_interval(secs => $5::float8)
                        and $4 + make_interval(secs => $5::float8))
     and ($6::integer is null or rank = $6)
     and ($7::boolean or superseded_from is null or u.step < superseded_from)
     and ($8::integer is null or attempt = $8))
select name as metric, time as timestamp, step, value, rank, attempt
  from picked
window by_name as (partition by name)
 order by case when $9::boolean then name end collate "C",
          min(time) over by_name, min(position) over by_name, name collate "C",
          time, rank, attempt, first_step, n
 limit $10::bigint
