-- The run to resume: the newest of a name that is not being deleted, and cannot be before the end of
-- the transaction. $1 project_id, $2 name. Columns: run_id.
select run_id
  from runs
 where project_id = $1::bigint and name = $2::text and deleting is null
 order by created desc, run_id desc
 limit 1
   for key share;
