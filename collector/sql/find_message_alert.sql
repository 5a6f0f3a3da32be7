-- The latest alert in a message. $1 message_id. Columns: run_id, rank, attempt; no row: none is.
select a.run_id, a.rank, a.attempt
  from deliveries d
  join alerts a on a.run_id = d.run_id and a.alert_id = d.alert_id
 where d.message_id = $1::bigint
 order by a.alert_id desc
 limit 1;
