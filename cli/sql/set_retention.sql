-- sql/set_retention.sql
-- Says how long things are kept, and begins the collectors' rounds anew. $1 project, null: all that say nothing of
-- their own; $2 raw, $3 rollups, $4 alerts: seconds, 'forever', 'inherit', or null: as it is. No columns that anybody
-- reads.
with wanted as materialized (
  select (select project_id from projects where name = $1::text) as project_id, kind, keep
    from (values ('raw', $2::text), ('rollups', $3::text), ('alerts', $4::text)) v(kind, keep)
   where keep is not null),
inherited as (
  delete from retention r using wanted w
   where w.keep = 'inherit' and r.kind = w.kind and r.project_id is not distinct from w.project_id),
said as (
  insert into retention (project_id, kind, keep_s)
  select project_id, kind, nullif(keep, 'forever')::bigint from wanted where keep <> 'inherit'
  on conflict (project_id, kind) do update set keep_s = excluded.keep_s, changed = excluded.changed)
update retention_rounds set due = now(), place = '{}'
