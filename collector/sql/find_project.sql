-- The project of a name, also of a former one. $1 name. Columns: project_id, deleting.
select n.project_id, p.deleting is not null
  from project_names n
  join projects p using (project_id)
 where n.name = $1::text;
