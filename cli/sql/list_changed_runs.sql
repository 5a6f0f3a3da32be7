-- Runs of a project of which something was stored since a time, or shortly before it, because transactions
-- commit in any order: the same run may come again with nothing new.
-- $1 text: project; $2 timestamptz: since, or null: none, only what time it is.
-- Columns: now, and those of list_runs.sql up to last_seen; without runs one row with nulls but for now.
select now() as now, r.*
  from (select 1) one
  left join lateral (
    select run_id::text as id, run as name, created as created_at, state, coalesce(calls, 0) as num_logs,
           last_step, alerts, group_name as "group", world_size, ranks, attempts, last_seen
      from runs_overview
     where project = $1 and last_seen >= $2::timestamptz - interval '10 seconds') r on true
