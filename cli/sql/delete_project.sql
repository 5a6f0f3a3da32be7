-- sql/delete_project.sql
-- A project that has no runs, with its endpoints, silences and former names. SQLSTATE 23503: something was
-- added to it meanwhile. $1 project_id. Columns: whether there are runs left, and the project with them.
with empty as materialized (
  select project_id
    from projects
   where project_id = $1::bigint and not exists (select from runs where project_id = $1::bigint)),
without_silences as (
  delete from silences where project_id in (select project_id from empty)),
without_endpoints as (
  delete from endpoints where project_id in (select project_id from empty)),
gone as (
  delete from projects where project_id in (select project_id from empty))
select exists (select from runs where project_id = $1::bigint) as runs_left
