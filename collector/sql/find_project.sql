-- $1 name. Columns: project_id.
select project_id from projects where name = $1::text;
