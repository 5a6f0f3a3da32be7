-- sql/delete_alerts.sql
-- Some alerts of a run that is being deleted, with their deliveries and acknowledgements; messages made of
-- them stay. As delete_blocks.sql: $1 run_id, $2 how many, $3 to $5 the place. Columns: how many were found
-- (0: none is left from there on), the place to go on from.
with found as materialized (
  select ctid, alert_id, rank, attempt
    from alerts
   where run_id = $1::bigint
     and (alert_id, rank, attempt) >= ($3::bigint, $4::bigint, $5::bigint)
   order by alert_id, rank, attempt
   limit $2::bigint),
gone as (
  delete from alerts where run_id = $1::bigint and ctid = any (array(select ctid from found)))
select count(*) over (), alert_id, rank, attempt
  from found
 order by alert_id desc, rank desc, attempt desc
 limit 1
