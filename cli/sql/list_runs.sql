-- Runs of a project, oldest first.
-- $1 text: project. Columns: id, name, created_at, state, num_logs, last_step, alerts, group,
-- world_size, ranks, attempts, last_seen.
select run_id::text as id, run as name, created as created_at, state,
       coalesce(calls, 0) as num_logs, last_step, alerts, group_name as "group", world_size, ranks,
       attempts, last_seen
  from runs_overview
 where project = $1
 order by created, run_id
