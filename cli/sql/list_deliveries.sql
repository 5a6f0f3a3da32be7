-- What became of alerts at their endpoints, newest first.
-- $1 project or null; $2 bigint: run or null; $3 bigint: alert or null; $4 state or null;
-- $5 bigint: rows at most, or null.
-- Columns: alert_id, level, title, project, run, rank, endpoint, url (as it may be shown), state, attempts,
-- status, answer, next_try, created and settled (of the message), form, in_message, webhook_id, run_id.
select alert_id::text as alert_id, level, title, project, run, rank, endpoint_id::text as endpoint, url,
       state, attempts, status, answer, next_try, created, settled, form, in_message, webhook_id,
       run_id::text as run_id
  from deliveries_overview
 where ($1::text is null or project = $1)
   and ($2::bigint is null or run_id = $2)
   and ($3::bigint is null or alert_id = $3)
   and ($4::text is null or state = $4)
 order by deliveries_overview.alert_id desc, deliveries_overview.endpoint_id
 limit $5::bigint
