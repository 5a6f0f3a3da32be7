-- What may be sent to an endpoint now, by group (equal run, level and title): the most severe first,
-- then the oldest.
-- $1 endpoint_id, $2 how many groups at most. Columns: group_key, project, run, level, title, text of the
-- latest, time, host, step (null: none), alert_id and rank of the first, ranks, world_size, alerts,
-- groups in all, alerts in all, and those of level info, warn and error.
with groups as (
  select d.group_key, d.run_id, max(a.level) as level, min(d.alert_id) as first_id,
         max(d.alert_id) as latest_id, count(distinct a.rank) as ranks, count(*) as alerts
    from deliveries d
    join alerts a on a.run_id = d.run_id and a.alert_id = d.alert_id
   where d.endpoint_id = $1::bigint and d.state = 'waiting' and d.due <= now()
   group by d.group_key, d.run_id),
top as (
  select *, count(*) over () as groups_total, sum(alerts) over ()::bigint as alerts_total,
         coalesce(sum(alerts) filter (where level = 0) over (), 0)::bigint as infos,
         coalesce(sum(alerts) filter (where level = 1) over (), 0)::bigint as warns,
         coalesce(sum(alerts) filter (where level = 2) over (), 0)::bigint as errors
    from groups
   order by level desc, first_id
   limit $2::bigint)
select g.group_key, p.name, r.name, g.level, f.title, l.text,
       to_char(f.time, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), t.host, f.step, g.first_id, f.rank,
       g.ranks, coalesce(t.world_size, 1), g.alerts, g.groups_total, g.alerts_total,
       g.infos, g.warns, g.errors
  from top g
  join runs r using (run_id)
  join projects p using (project_id)
  join alerts f on f.run_id = g.run_id and f.alert_id = g.first_id
  join alerts l on l.run_id = g.run_id and l.alert_id = g.latest_id
  left join attempts t on t.run_id = f.run_id and t.rank = f.rank and t.attempt = f.attempt
 order by g.level desc, g.first_id;
