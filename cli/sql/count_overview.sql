-- columns: schema version, projects, runs, values that are not compacted yet
select (select max(version) from schema_version),
       count(distinct project), count(*),
       (select coalesce(sum(points), 0)::bigint from compaction_backlog)
  from runs_overview;
