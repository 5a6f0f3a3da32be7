-- sql/delete_producers.sql
-- Some producers of a run that is being deleted: from then on no batch of theirs can be committed. By key,
-- so that one whose batch is being committed is found again behind it. $1 run_id, $2 how many. Columns:
-- how many were found; 0: none is left.
with found as materialized (
  select producer_id, lane from producers where run_id = $1::bigint limit $2::bigint),
gone as (
  delete from producers
   where run_id = $1::bigint and (producer_id, lane) in (select producer_id, lane from found))
select count(*) from found
