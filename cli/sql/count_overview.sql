-- columns: schema version, projects, runs
select (select max(version) from schema_version),
       count(distinct project), count(*)
  from runs_overview;
