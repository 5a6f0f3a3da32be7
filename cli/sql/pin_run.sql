-- sql/pin_run.sql
-- Pins a run, or lets it go. The lock waits for whoever removes something of it right now, so that nothing more goes
-- once it is pinned. $1 run_id, $2 whether it is pinned from now on. Columns: run_id; no row: it was deleted.
with held as materialized (
  select run_id from runs where run_id = $1::bigint for update)
update runs r set pinned = case when $2::boolean then coalesce(r.pinned, now()) end
  from held
 where r.run_id = held.run_id
returning r.run_id
