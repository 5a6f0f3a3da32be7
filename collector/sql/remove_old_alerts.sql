-- Removes some alerts of a run that are too old, the oldest first, with their acknowledgements and deliveries, and the
-- messages that spoke of nothing else. One of which something is still to be sent stays.
-- $1 run_id, $2 the time before which they go, $3 how many at most. Columns: how many went.
with held as materialized (
  select run_id
    from runs
   where run_id = $1::bigint and deleting is null and pinned is null
     for key share skip locked),
found as materialized (
  select a.run_id, a.alert_id
    from settled_alerts a
    join held using (run_id)
   where a.time < $2::timestamptz
   order by a.time
   limit $3::bigint),
unsaid as (
  delete from deliveries d using found f where (d.run_id, d.alert_id) = (f.run_id, f.alert_id) returning d.message_id),
unacknowledged as (
  delete from acks k using found f where (k.run_id, k.alert_id) = (f.run_id, f.alert_id)),
forgotten as (
  delete from messages m
   where m.message_id in (select message_id from unsaid)
     and not exists (select from deliveries d
                      where d.message_id = m.message_id
                        and (d.run_id, d.alert_id) not in (select run_id, alert_id from found))),
removed as (
  delete from alerts a using found f where (a.run_id, a.alert_id) = (f.run_id, f.alert_id) returning 1)
select count(*) from removed
