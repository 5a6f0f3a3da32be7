-- sql/list_project_runs.sql
-- Some runs of a project. $1 project_id, $2 how many. Columns: id.
select run_id::text as id from runs where project_id = $1::bigint limit $2::bigint
