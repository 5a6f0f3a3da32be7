-- Values of one rank of a run in long form: what was logged in one call stands together, unless steps or
-- times repeat. One rank at a time, so that the sort begins with a key that differs: four times as fast
-- as over all. $1 bigint: run; $2 integer: rank; $3 text[]: names or null; $4 boolean: also what a later
-- attempt logged again; $5 text: 'metric' or 'system'.
-- Columns: run, run_id, rank, attempt, step (null: a system metric), time, name, value.
select run, run_id::text, rank, attempt, case when kind = 'metric' then u.step end as step, u.time, name,
       u.value
  from metric_blocks, unnest(steps, times, values) as u(step, time, value)
 where run_id = $1::bigint and rank = $2::integer and kind = $5
   and ($3::text[] is null or name = any ($3))
   and ($4::boolean or superseded_from is null or u.step < superseded_from)
 order by u.step, u.time, attempt, keyset_id, position
