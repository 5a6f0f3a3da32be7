-- One row if the run has the metric. $1 bigint: run; $2 text: 'metric' or 'system'; $3 text: name.
-- Column: name.
select name
  from series_overview
 where run_id = $1::bigint and kind = $2 and name = $3
 limit 1
