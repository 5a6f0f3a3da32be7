-- All projects. Columns: name, num_runs, created_at (of the first run), last_seen (of any run).
select project as name, count(*) as num_runs, min(created) as created_at, max(last_seen) as last_seen
  from runs_overview
 group by project
 order by project collate "C"
