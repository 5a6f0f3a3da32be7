-- sql/delete_gaps.sql
-- Some gaps of a run that is being deleted. $1 run_id, $2 how many. Columns: how many were found; 0:
-- none is left.
with found as materialized (
  select ctid from gaps where run_id = $1::bigint limit $2::bigint),
gone as (
  delete from gaps where run_id = $1::bigint and ctid = any (array(select ctid from found)))
select count(*) from found
