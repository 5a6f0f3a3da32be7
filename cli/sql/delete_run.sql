-- sql/delete_run.sql
-- A run that is being deleted and has no blocks left, with its silences. $1 run_id. Columns: whether there
-- are blocks left, and the run with them.
with rest as materialized (
  select exists (select from blocks where run_id = $1::bigint) as blocks),
gone as (
  delete from runs
   where run_id = $1::bigint and deleting is not null and not (select blocks from rest))
select blocks as blocks_left from rest
