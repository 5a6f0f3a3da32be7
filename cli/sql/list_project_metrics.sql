-- Names of the metrics of all runs of a project. $1 text: project; $2 text: 'metric' or 'system'. Column: name.
select name
  from series_overview
 where project = $1 and kind = $2
 group by name
 order by name collate "C"
