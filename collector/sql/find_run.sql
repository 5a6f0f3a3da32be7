-- The run to resume: the newest of a name. $1 project_id, $2 name. Columns: run_id.
select run_id
  from runs
 where project_id = $1::bigint and name = $2::text
 order by created desc, run_id desc
 limit 1;
