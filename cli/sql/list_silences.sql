-- Silences in force, those first that end first: of one project those that it is under, or all.
-- $1 project or null. Columns: id, project (null: all), run (null: all), max_level, title (null: all), ends,
-- who, comment, created, run_id.
select silence_id::text as id, project, run, max_level, title, ends, who, comment, created,
       run_id::text as run_id
  from silences_overview
 where $1::text is null or project = $1 or project is null
 order by ends, silence_id
