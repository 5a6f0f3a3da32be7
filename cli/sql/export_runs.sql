-- The runs of a project in the order of an export. $1 text: project; $2 bigint: only this run, or null.
-- Column: run_id.
select run_id::text
  from runs_overview
 where project = $1 and ($2::bigint is null or run_id = $2)
 order by run collate "C", created, runs_overview.run_id
