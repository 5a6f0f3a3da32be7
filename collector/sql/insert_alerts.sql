-- Stores alerts, and with each its deliveries: to every endpoint of its project or of all projects
-- that takes its level, and to the one whose URL came with it; to each URL once. Alerts of equal run,
-- level and title are a group: who joins one that waits is due when it is. Alerts of the past have an
-- empty URL and no deliveries.
-- Arrays, one element an alert: $1 run_id, $2 rank, $3 attempt, $4 level, $5 title, $6 text or null,
-- $7 step or null, $8 time, $9 webhook URL or null, $10 ms to wait for the other ranks of a
-- run that has several (all equal). No columns.
with given as (
  select g.*, r.project_id
    from unnest($1::bigint[], $2::integer[], $3::integer[], $4::smallint[], $5::text[], $6::text[],
                $7::bigint[], $8::timestamptz[], $9::text[]) with ordinality
           as g(run_id, rank, attempt, level, title, text, step, time, url, place)
    join runs r using (run_id)),
past as (
  insert into alerts (project_id, run_id, rank, attempt, level, title, text, step, time)
  select project_id, run_id, rank, attempt, level, title, text, step, time
    from given
   where url = ''
   order by place),
new as (
  insert into alerts (project_id, run_id, rank, attempt, level, title, text, step, time, endpoint_id)
  select g.project_id, g.run_id, g.rank, g.attempt, g.level, g.title, g.text, g.step, g.time, e.endpoint_id
    from given g
    left join lateral (
      select endpoint_id from endpoints
       where url_hash = sha256(convert_to(g.url, 'UTF8')) and removed is null
         and (project_id is null or project_id = g.project_id)
       order by project_id limit 1) e on true
   where g.url is distinct from ''
   order by g.place
  returning run_id, alert_id, rank, attempt, level, title, endpoint_id)
insert into deliveries (run_id, alert_id, endpoint_id, group_key, due)
select distinct on (n.run_id, n.alert_id, e.url_hash)
       n.run_id, n.alert_id, e.endpoint_id, n.group_key,
       coalesce(w.due, now() + case when a.world_size > 1 then ($10::bigint[])[1] else 0 end
                               * interval '1 ms')
  from (select *, hashtextextended(level || title, run_id) as group_key from new) n
  join runs r using (run_id)
  join endpoints e on e.enabled and e.removed is null
                  and (e.endpoint_id = n.endpoint_id
                       or e.origin <> 'run' and n.level >= e.min_level
                          and (e.project_id is null or e.project_id = r.project_id))
  left join attempts a on a.run_id = n.run_id and a.rank = n.rank and a.attempt = n.attempt
  left join lateral (
    select due
      from (select due, state from deliveries d
             where d.endpoint_id = e.endpoint_id and d.group_key = n.group_key
               and d.message_id is null
            offset 0) d -- a planner without statistics would read all that waits, for each alert
     where d.state = 'waiting' limit 1) w on true
 order by n.run_id, n.alert_id, e.url_hash, e.project_id;
