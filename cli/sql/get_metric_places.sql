-- Where the blocks are that hold what get_metric_rollups.sql tells of, in the order of rank, attempt, first_step.
-- $1 bigint: run; $2 text: name; $3 integer: rank or null; $4 integer: attempt or null.
-- Columns: place, first_step, last_step, rank, attempt.
select place, first_step, last_step, rank, attempt
  from block_columns
 where run_id = $1::bigint and kind = 'metric' and name = $2 and rolled
   and ($3::integer is null or rank = $3)
   and ($4::integer is null or attempt = $4)
 order by rank, attempt, first_step
