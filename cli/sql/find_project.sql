-- One row if the project exists. $1 text: project. Column: name.
select project as name
  from runs_overview
 where project = $1
 limit 1
