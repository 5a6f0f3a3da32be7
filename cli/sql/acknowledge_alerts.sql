-- Somebody is on it: all of these alerts, or none if one of them does not exist. $1 bigint[]: alerts, $2
-- who, $3 comment or null. Columns: alert_id of those that do not exist.
with asked as (
  select distinct alert_id from unnest($1::bigint[]) as u(alert_id)),
found as (
  select a.run_id, a.alert_id from alerts a join asked using (alert_id)),
missing as (
  select alert_id from asked except select alert_id from found),
acknowledged as (
  insert into acks (run_id, alert_id, who, comment)
  select run_id, alert_id, $2::text, $3::text from found where not exists (select from missing)
  on conflict (run_id, alert_id) do update
     set who = excluded.who, comment = excluded.comment, time = excluded.time)
select alert_id::text from missing order by missing.alert_id
