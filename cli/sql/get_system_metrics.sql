-- Values of a run's system metrics, in the order of their times. Those of one call follow each
-- other, and a call's positions rise.
-- $1 bigint: run; $2 text: name or null; $3 integer: rank or null.
-- Columns: timestamp, metric, value, rank, position.
select u.time as timestamp, name as metric, u.value, rank, position
  from metric_blocks, unnest(times, values) with ordinality as u(time, value, n)
 where run_id = $1::bigint and kind = 'system'
   and ($2::text is null or name = $2)
   and ($3::integer is null or rank = $3)
 order by u.time, rank, attempt, keyset_id, first_step, u.n, position
