-- Alerts behind a cursor, in the order in which they were stored.
-- $1 to $6, and the columns: those of list_alerts.sql. $7 bigint: rows at most; $8 pg_snapshot: what is
-- visible in it has been seen; $9 pg_snapshot: what is not visible in it comes later; $10 xid8 and
-- $11 bigint: transaction and id of the last alert that was seen beyond $8. One column more:
-- cursor, the place behind the row.
select time as timestamp, run, title, text, level, step, rank, attempt, host,
       run_id::text as run_id, alert_id::text as id,
       acknowledged, acknowledged_by,
       $8::text || '/' || $9::text || '/' || xact::text || '-' || alert_id as cursor
  from alerts_feed
 where project_id = (select project_id from projects_overview where project = $1)
   and ($2::bigint is null or run_id = $2)
   and ($3::smallint[] is null or level_number = any ($3))
   and ($4::timestamptz is null or time > $4)
   and ($5::float8 is null or time > now() - make_interval(secs => $5))
   and ($6::integer is null or rank = $6)
   and not pg_visible_in_snapshot(xact, $8::text::pg_snapshot)
   and pg_visible_in_snapshot(xact, $9::text::pg_snapshot)
   -- one bound, where the index is entered: with two PostgreSQL reads all from the lower one on
   and (xact, alerts_feed.alert_id)
       > (case when $10::xid8 < pg_snapshot_xmin($8::text::pg_snapshot)
               then pg_snapshot_xmin($8::text::pg_snapshot) else $10::xid8 end,
          case when $10::xid8 < pg_snapshot_xmin($8::text::pg_snapshot) then 0 else $11::bigint end)
 order by xact, alerts_feed.alert_id
 limit $7::bigint
