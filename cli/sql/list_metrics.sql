-- Names of a run's metrics. $1 bigint: run; $2 text: 'metric' or 'system'. Column: name.
select name
  from series_overview
 where run_id = $1::bigint and kind = $2
 group by name
 order by name collate "C"
