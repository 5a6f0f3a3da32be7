-- Runs behind a place that have alerts which may be too old; the last run looked at is there in any case.
-- $1 run_id: the place; $2 how many runs to look at. Columns: run_id, the time before which alerts go, null: they stay.
-- No row: there are no more.
with looked_at as materialized (
  select run_id from runs where run_id > $1::bigint order by run_id limit $2::bigint),
numbered as materialized (
  select *, row_number() over (order by run_id desc) as from_end from looked_at)
select n.run_id, old.alerts
  from numbered n
  left join lateral (
    select r.alerts
      from retention_runs r
     where r.run_id = n.run_id
       and exists (select from alerts a where a.run_id = r.run_id and a.time < r.alerts)) old on true
 where old.alerts is not null or n.from_end = 1
 order by n.from_end desc
