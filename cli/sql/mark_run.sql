-- sql/mark_run.sql
-- From now on a run takes no producer in: the lock waits for those that are being taken in. $1 run_id, $2
-- state and $3 last_seen as they were looked at, or null for whatever they are. Columns: there (the run
-- exists), marked (now or before; not where the run has gone on since it was looked at).
with held as materialized (
  select run_id from runs where run_id = $1::bigint for update),
marked as (
  update runs r set deleting = coalesce(r.deleting, now())
    from held
   where r.run_id = held.run_id
     and ($2::text is null or r.deleting is not null
          or exists (select from runs_overview o
                      where o.run_id = $1 and o.state = $2 and o.last_seen = $3::timestamptz))
  returning r.run_id)
select exists (select from held) as there, exists (select from marked) as marked
