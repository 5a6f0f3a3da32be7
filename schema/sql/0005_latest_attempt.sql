-- 0005_latest_attempt: attempts are numbered as they come, and a start whose data was delivered late has a
-- higher number than a later one. The latest attempt is the one with the highest (started, attempt).

-- superseded_from: the first step at which a later start of the same rank logged this name again.
create or replace view metric_blocks as
  select p.name as project, r.name as run, r.run_id, b.rank, b.attempt, s.kind, s.name,
         b.keyset_id, s.position, b.first_step, b.last_step, b.steps, b.times,
         b.values[(s.position - 1) * cardinality(b.steps) + 1 : s.position * cardinality(b.steps)]
           as values,
         later.first_step as superseded_from
    from projects p
    join runs r using (project_id)
    join series s using (run_id)
    join blocks b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    left join lateral (
      select min(t.first_step) as first_step
        from series n
        join run_state t on t.run_id = n.run_id and t.keyset_id = n.keyset_id
        join attempts theirs on theirs.run_id = t.run_id and theirs.rank = t.rank
                            and theirs.attempt = t.attempt
        join attempts ours on ours.run_id = b.run_id and ours.rank = b.rank
                          and ours.attempt = b.attempt
       where n.run_id = b.run_id and n.name = s.name and n.kind = s.kind
         and t.rank = b.rank and t.attempt <> b.attempt
         and (theirs.started, theirs.attempt) > (ours.started, ours.attempt)) later on true;

create or replace view runs_overview as
  select p.name as project, r.name as run, r.run_id, r.group_name, r.username, r.config,
         r.created, r.last_seen, a.state, a.world_size, a.ranks, a.attempts, t.calls, t.last_step,
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
