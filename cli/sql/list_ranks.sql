-- The ranks of a run as their latest attempts stand, those first that are behind.
-- $1 bigint: run; $2 bigint: rows at most, or null.
-- Columns: rank, host, state (running, finished, failed), last_step, behind (steps, to the foremost), silent_s
-- (since something was stored; null once it has ended), step_time_s (of the last blocks), calls, dropped,
-- on_node, last_time, attempt, pid, started; and of all ranks: world_size, here, steps_min, steps_max,
-- step_time_min, step_time_p50, step_time_max, missing (numbers of ranks that never came, at most 100).
with latest as materialized (
  select distinct on (a.rank) a.rank, a.attempt, a.host, a.pid, a.started, a.world_size, a.producer_id,
         coalesce(a.ending, 'running') as state
    from attempts_overview a
   where a.run_id = $1::bigint
   order by a.rank, a.started desc, a.attempt desc),
stands as materialized (
  select l.*, s.last_step, s.last_time, s.calls, q.dropped, q.on_node,
         case l.state when 'running' then extract(epoch from now() - q.updated)::float8 end as silent_s,
         case when t.steps > 0 then round((t.seconds / t.steps)::numeric, 6)::float8 end as step_time_s
    from latest l
    left join lateral (
      select max(last_step) as last_step, max(last_time) as last_time, max(calls) as calls,
             (array_agg(keyset_id order by calls desc))[1] as keyset_id,
             (array_agg(name order by calls desc, name))[1] as name
        from series_overview
       where run_id = $1 and kind = 'metric' and rank = l.rank and attempt = l.attempt) s on true
    left join lateral (
      select max(updated) as updated, sum(dropped)::bigint as dropped, sum(on_node)::bigint as on_node
        from producers_overview
       where run_id = $1 and producer_id = l.producer_id) q on true
    left join lateral ( -- the newest blocks are enough, and a thousand ranks are many
      select max(last_step) - min(first_step) as steps,
             extract(epoch from max(times[cardinality(times)]) - min(times[1]))::float8 as seconds
        from (select first_step, last_step, times
                from metric_blocks
               where run_id = $1 and kind = 'metric' and name = s.name and keyset_id = s.keyset_id
                 and rank = l.rank and attempt = l.attempt
               order by first_step desc
               limit 4) b) t on true)
select rank, host, state, last_step, max(last_step) over () - last_step as behind,
       round(silent_s::numeric, 3)::float8 as silent_s, step_time_s, calls, dropped, on_node, last_time, attempt,
       pid, started,
       max(world_size) over () as world_size, count(*) over () as here,
       min(last_step) over () as steps_min, max(last_step) over () as steps_max, o.*,
       (select json_agg(n) from (select n from generate_series(0, (select max(world_size) - 1 from latest)) n
                                  where n not in (select rank from latest) order by n limit 100) m) as missing
  from stands,
       (select min(step_time_s) as step_time_min,
               percentile_cont(0.5) within group (order by step_time_s) as step_time_p50,
               max(step_time_s) as step_time_max from stands) o
 order by behind desc nulls first, silent_s desc nulls last, rank
 limit $2::bigint
