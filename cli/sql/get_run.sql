-- One run. $1 bigint: run.
-- Columns: project, run, run_id, num_logs, config (without what Trackio adds), username,
-- created_at, group, last_step, state, last_seen, world_size, ranks, attempts, alerts, pinned.
select project, run, run_id::text as run_id, coalesce(calls, 0) as num_logs,
       case jsonb_typeof(config)
         when 'object' then config - array['_Username', '_Created', '_Group']
         else jsonb_build_object('config', config)
       end as config,
       username, created as created_at, group_name as "group", last_step, state, last_seen,
       world_size, ranks, attempts, alerts, pinned
  from runs_overview
 where run_id = $1::bigint
