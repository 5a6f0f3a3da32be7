-- sql/survey_runs.sql
-- Runs that may be deleted, and what goes with each. $1 project or null (all), $2 run_id or null, $3 null
-- or the seconds for which nothing has come from it at least, $4 state or null. With $3 pinned runs are left out,
-- and a run that has not ended is running until nothing has come for a day: then it was killed, or its machine is
-- gone.
-- Columns: project, name, state, last_seen, calls, blocks, bytes (that the blocks take), alerts, waiting
-- (deliveries), id.
select r.project, r.run as name, r.state, r.last_seen, coalesce(r.calls, 0) as calls, b.blocks, b.bytes,
       r.alerts,
       (select count(*) from deliveries d where d.run_id = r.run_id and d.state = 'waiting') as waiting,
       r.run_id::text as id
  from runs_overview r
  left join lateral (
    select count(*) as blocks,
           coalesce(sum(pg_column_size(steps) + pg_column_size(times) + pg_column_size(values)), 0)::bigint
             as bytes
      from blocks
     where run_id = r.run_id) b on true
 where ($1::text is null or r.project = $1) and ($2::bigint is null or r.run_id = $2)
   and ($3::bigint is null
        or r.last_seen < now() - case when r.state = 'running' then greatest($3, 86400) else $3 end
                                 * interval '1 second' and not r.pinned)
   and ($4::text is null or r.state = $4)
 order by r.project, r.created, r.run_id
