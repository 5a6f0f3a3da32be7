-- sql/rename_run.sql
-- Gives a run a name that what its processes say does not change. $1 run_id, $2 name. Columns: others (runs
-- of that project that have the name too); no row: it is being deleted.
update runs r set name = $2::text, renamed = now()
 where r.run_id = $1::bigint and r.deleting is null
returning (select count(*) from runs o
            where o.project_id = r.project_id and o.name = $2 and o.run_id <> r.run_id) as others
