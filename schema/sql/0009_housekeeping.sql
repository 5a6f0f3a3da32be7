-- 0009_housekeeping: people delete and rename runs and projects.
--
-- A run is deleted in many short transactions: first it is marked, and from then on takes no
-- producer in; then its producers go, and with them whoever could still write into it; then its rows,
-- and its own row last. So one that was interrupted is still found, and deleting it again finishes it.

alter table runs
  add column deleting timestamptz,           -- since when; null: it is not being deleted
  add column renamed timestamptz;            -- by a person: what hellos say of its name counts no more
alter table projects
  add column deleting timestamptz;

-- What projects were called before: jobs that still say so go on in them.
create table project_aliases (
  name       text primary key,
  project_id bigint not null constraint project_aliases_project_fk references projects
               on delete cascade,
  created    timestamptz not null default now());

-- Every name that a project answers to. One that is a project's own is nobody's former name.
create view project_names as
  select name, project_id, name as project, false as former from projects
  union all
  select a.name, a.project_id, p.name, true
    from project_aliases a
    join projects p using (project_id)
   where not exists (select from projects own where own.name = a.name);

create or replace view runs_overview as
  select p.name as project, r.name as run, r.run_id, r.group_name, r.username, r.config,
         r.created, r.last_seen,
         case when r.deleting is null then a.state else 'deleting' end as state,
         a.world_size, a.ranks, a.attempts, t.calls, t.last_step,
         (select count(*) from alerts a where a.run_id = r.run_id) as alerts
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

grant select on project_names to tocsin_collector, tocsin_reader;
