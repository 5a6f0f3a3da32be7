-- The run that is meant: the newest of that name, else the one with that id.
-- $1 text: project; $2 text: name; $3 bigint: id or null. Columns: id, name.
select run_id::text as id, run as name
  from runs_overview
 where project = $1 and (run = $2 or run_id = $3::bigint)
 order by run = $2 desc, created desc, run_id desc
 limit 1
