-- sql/mark_project.sql
-- From now on a project takes no producer in that has no run in it. $1 project_id. No columns.
update projects set deleting = coalesce(deleting, now()) where project_id = $1::bigint
