-- 0013_retention: how long raw values, roll-ups and alerts are kept.
--
-- The collector removes what is older, in small transactions (collector/compact/retention.c). Raw values go block by
-- block once they are rolled, so that overviews stay; roll-ups go where there are no raw values any more; alerts with
-- their deliveries and acknowledgements once nothing of them is to be sent. run_state, series and runs stay.

-- A project keeps a kind as its own row says, without one as the row for all projects does, else forever.
create table retention (
  project_id bigint constraint retention_project_fk references projects on delete cascade, -- null: all projects
  kind       text not null constraint retention_kind check (kind in ('raw', 'rollups', 'alerts')),
  keep_s     bigint constraint retention_keep check (keep_s > 0), -- null: forever
  changed    timestamptz not null default now(),
  constraint retention_scope unique nulls not distinct (project_id, kind));

alter table runs add column pinned timestamptz; -- since when nothing of it is removed for its age; null: it may be

-- Where the collectors are: one of them at a time goes on from there. The place is the latest that was looked at: of
-- values a series (run_id, keyset_id, rank, attempt), of alerts a run.
create table retention_rounds (
  round text primary key constraint retention_rounds_round check (round in ('values', 'alerts')),
  due   timestamptz not null default now(),  -- when the next one begins, if this one does not go on
  place bigint[] not null default '{}');     -- '{}': at its beginning
insert into retention_rounds (round) values ('values'), ('alerts');

alter table compacted
  add column removed bigint not null default 0, -- calls in rolled blocks that were removed
  add column raw_since timestamptz,             -- rolled blocks of older times were removed,
  add column rollups_since timestamptz;         -- and roll-ups; null: they are to be searched

-- keep_s: as it counts, null forever. Rows without a project: what projects inherit that say nothing.
create view retention_overview as
  select p.name as project, k.kind, case when own.kind is null then common.keep_s else own.keep_s end as keep_s,
         own.kind is null as inherited, p.project_id
    from (select name, project_id from projects union all select null, null) p
    cross join (values ('raw'), ('rollups'), ('alerts')) k(kind)
    left join retention own on own.project_id is not distinct from p.project_id and own.kind = k.kind
    left join retention common on common.project_id is null and common.kind = k.kind;

-- What is older goes. It moves in steps of a thirty-second of what is kept, so that a series is searched as often.
create function retention_cutoff(keep_s bigint) returns timestamptz language sql stable
  return (select to_timestamp(floor((extract(epoch from now()) - keep_s) / step) * step)
            from (values (greatest(keep_s / 32, 1))) v(step));

-- A row for each project; null: nothing goes. Roll-ups stay at least as long as what they stand for.
create view retention_cutoffs as
  select project_id, retention_cutoff(raw) as raw, retention_cutoff(alerts) as alerts,
         case when raw is not null and rollups is not null then retention_cutoff(greatest(raw, rollups)) end as rollups
    from (select project_id, max(keep_s) filter (where kind = 'raw') as raw,
                 max(keep_s) filter (where kind = 'rollups') as rollups,
                 max(keep_s) filter (where kind = 'alerts') as alerts
            from retention_overview
           where project_id is not null
           group by project_id) kept
   where coalesce(raw, rollups, alerts) is not null;

-- Runs of which something may go.
create view retention_runs as
  select r.run_id, r.project_id, k.raw, k.rollups, k.alerts
    from runs r
    join retention_cutoffs k using (project_id)
   where r.pinned is null and r.deleting is null;

-- The least multiple of a bucket's width that lies above the last step of blocks that were removed. width: a power of
-- two.
create function raw_bound(last_step bigint, width bigint) returns bigint language sql immutable
  return case when last_step < 9223372036854775807 - width then (last_step & -width) + width
              when last_step is not null then 9223372036854775807 end;

-- Alerts of which nothing is to be sent.
create view settled_alerts as
  select a.run_id, a.alert_id, a.time
    from alerts a
   where not exists (
     select from deliveries d
       join endpoints e using (endpoint_id)
       left join messages m using (message_id)
      where d.run_id = a.run_id and d.alert_id = a.alert_id
        and (d.state = 'waiting' and e.removed is null or m.state = 'waiting'));

-- How much each project has stored. bytes: an estimate, the size of the tables and their indexes, shared out by the
-- number of values, which run_state and compacted know.
create view storage_overview as
  select p.name as project, coalesce(points, 0)::bigint as points,
         coalesce(points / nullif(sum(points) over (), 0) * size.bytes, 0)::bigint as bytes
    from projects p
    left join (
      select r.project_id, sum((t.calls - coalesce(c.removed, 0)) * cardinality(t.last)) as points
        from runs r
        join run_state t using (run_id)
        left join compacted c using (run_id, keyset_id, rank, attempt)
       group by r.project_id) stored using (project_id)
    cross join (
      select pg_total_relation_size('blocks') + pg_total_relation_size('rollups')
             + pg_total_relation_size('run_state') + pg_total_relation_size('series') as bytes) size;

create or replace view runs_overview as
  select p.name as project, r.name as run, r.run_id, r.group_name, r.username, r.config,
         r.created, r.last_seen,
         case when r.deleting is null then a.state else 'deleting' end as state,
         a.world_size, a.ranks, a.attempts, t.calls, t.last_step,
         (select count(*) from alerts a where a.run_id = r.run_id) as alerts,
         r.pinned is not null as pinned
    from projects p
    join runs r using (project_id)
    left join lateral (
      select case
               when bool_or(ending = 'failed') filter (where latest) then 'failed'
               when bool_and(ended is not null) filter (where latest)
                    and count(*) filter (where latest) >= max(world_size) filter (where latest)
                 then 'finished'
               else 'running'
             end as state,
             max(world_size) as world_size, count(*) filter (where latest) as ranks,
             max(attempt) + 1 as attempts
        from (select ending, ended, world_size, attempt,
                     lead(attempt) over (partition by rank order by started, attempt) is null
                       as latest
                from attempts
               where run_id = r.run_id) starts) a on true
    left join lateral (
      select sum(t.calls)::bigint as calls, max(t.last_step) as last_step
        from run_state t
        join series s on s.run_id = t.run_id and s.keyset_id = t.keyset_id
       where t.run_id = r.run_id and s.position = 1 and s.kind = 'metric') t on true;

grant select on retention, retention_rounds, retention_cutoffs, retention_runs, settled_alerts
  to tocsin_collector;
grant update on retention_rounds to tocsin_collector;
grant delete on alerts, deliveries, acks, messages to tocsin_collector;
grant select on retention_overview, storage_overview to tocsin_reader;
