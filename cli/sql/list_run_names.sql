-- Names of the newest runs of a project, for a hint. $1 text: project. Column: name.
select run as name
  from runs_overview
 where project = $1
 group by run
 order by max(created) desc, run
 limit 1000
