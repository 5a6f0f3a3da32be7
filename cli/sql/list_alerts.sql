-- Alerts, newest first.
-- $1 text: project; $2 bigint: run or null; $3 smallint[]: levels or null; $4 timestamptz: only later
-- ones, or null; $5 float8: only those of so many seconds, or null; $6 integer: rank or null;
-- $7 bigint: rows at most, or null.
-- Columns: timestamp, run, title, text, level, step, rank, attempt, host, run_id, id,
-- acknowledged, acknowledged_by.
select time as timestamp, run, title, text, level, step, rank, attempt, host,
       run_id::text as run_id, alert_id::text as id,
       acknowledged, acknowledged_by
  from alerts_feed
 where project_id = (select project_id from projects_overview where project = $1)
   and ($2::bigint is null or run_id = $2)
   and ($3::smallint[] is null or level_number = any ($3))
   and ($4::timestamptz is null or time > $4)
   and ($5::float8 is null or time > now() - make_interval(secs => $5))
   and ($6::integer is null or rank = $6)
 order by time desc, xact desc, alerts_feed.alert_id desc
 limit $7::bigint
