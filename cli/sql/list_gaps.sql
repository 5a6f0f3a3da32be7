-- Calls that never came, newest first.
-- $1 text: project; $2 bigint: run or null; $3 bigint: rows at most, or null.
-- Columns: received, run, rank, attempt, calls, first_step, last_step, first_time, last_time, run_id,
-- gap_id.
select received, run, rank, attempt, calls, first_step, last_step, first_time, last_time,
       run_id::text as run_id, gap_id::text as gap_id
  from gaps_overview
 where project = $1
   and ($2::bigint is null or run_id = $2)
 order by received desc, gap_id desc
 limit $3::bigint
