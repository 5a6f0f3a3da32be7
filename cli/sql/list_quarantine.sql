-- Batches that PostgreSQL refused for their content, newest first.
-- $1 text: project; $2 bigint: run or null; $3 bigint: rows at most, or null.
-- Columns: timestamp, run, rank, attempt, lane, seq, calls, bytes, sqlstate, reason, run_id,
-- quarantine_id.
select time as timestamp, run, rank, attempt, lane, seq, calls, bytes, sqlstate, reason,
       run_id::text as run_id, quarantine_id::text as quarantine_id
  from quarantine_overview
 where project = $1
   and ($2::bigint is null or run_id = $2)
 order by time desc, quarantine_id desc
 limit $3::bigint
