-- How long things are kept: for all projects that say nothing of their own (project: null), and in each project, or
-- in one. $1 project or null: all. Columns: project, raw, rollups, alerts (as people write them), own (the kinds that
-- are said for it), pinned (runs), and raw_s, rollups_s, alerts_s (seconds; null: forever).
select o.project,
       min(w.keep) filter (where kind = 'raw') as raw,
       min(w.keep) filter (where kind = 'rollups') as rollups,
       min(w.keep) filter (where kind = 'alerts') as alerts,
       coalesce(string_agg(kind, ', ' order by position('/' || kind || '/' in '/raw/rollups/alerts/'))
                  filter (where not inherited), '') as own,
       (select count(*) from runs_overview r where r.pinned and (o.project is null or r.project = o.project)) as pinned,
       min(keep_s) filter (where kind = 'raw') as raw_s,
       min(keep_s) filter (where kind = 'rollups') as rollups_s,
       min(keep_s) filter (where kind = 'alerts') as alerts_s
  from retention_overview o
 cross join lateral (
   select case when keep_s is null then 'forever'
               when keep_s % 31536000 = 0 then keep_s / 31536000 || 'y'
               when keep_s % 86400 = 0 then keep_s / 86400 || 'd'
               when keep_s % 3600 = 0 then keep_s / 3600 || 'h'
               when keep_s % 60 = 0 then keep_s / 60 || 'm'
               else keep_s || 's' end as keep) w
 where $1::text is null or o.project = $1
 group by o.project
 order by o.project collate "C" nulls first
