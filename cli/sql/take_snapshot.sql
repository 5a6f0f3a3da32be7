-- This moment, as a place in the alerts: all that is visible in it has been seen. On a standby some of
-- what is open is not listed, so there the oldest open transaction ends what counts as seen.
-- $1 pg_snapshot: that of a cursor, or null. Columns: now; foreign: the cursor lies in the future, so it
-- was made by another database.
select case when pg_is_in_recovery() then pg_snapshot_xmin(s) || ':' || pg_snapshot_xmin(s) || ':'
            else s::text
       end as now,
       coalesce(pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(s), false) as foreign
  from pg_current_snapshot() s
