-- A metric of some runs for drawing: each series cut into buckets of steps.
-- $1 text: project; $2 bigint[]: runs; $3 text: name; $4 text: kind; $5 integer: buckets of a series at most;
-- $6 boolean: a series for each rank, else for each run; $7 integer: rank or null; $8, $9 bigint: only steps
-- between these, or null; $10 bigint[]: for each run of $2 only steps above this, or null.
-- Columns: run_id, rank (null: all), calls, last_step (of the whole series), and arrays with an element for
-- each bucket in the order of steps: first_step, last_steps, first_time, last_time (milliseconds since 1970),
-- min, max, mean, last, n, odd (values that are NaN or infinite).
with asked as materialized (
  select g.run_id, greatest(s.since + 1, $8::bigint) as low
    from unnest($2::bigint[]) with ordinality as g(run_id, place)
    left join unnest($10::bigint[]) with ordinality as s(since, place) using (place)),
series as materialized (
  select o.run_id, case when $6::boolean then o.rank end as rank, sum(o.calls)::bigint as calls,
         max(o.last_step) as last_step, greatest(min(o.first_step), a.low) as low,
         least(max(o.last_step), $9::bigint) as high
    from asked a
    join series_overview o using (run_id)
   where o.project = $1 and o.kind = $4 and o.name = $3 and ($7::integer is null or o.rank = $7)
   group by o.run_id, case when $6::boolean then o.rank end, a.low),
points as (
  select s.run_id, s.rank, s.low, s.high, u.step, u.time, u.value,
         floor((u.step - s.low)::float8 * $5::integer / (s.high - s.low + 1)::float8)::integer as bucket
    from series s
    join block_columns b on b.run_id = s.run_id and b.kind = $4 and b.name = $3
                        and (s.rank is null or b.rank = s.rank) and ($7::integer is null or b.rank = $7)
                        and b.first_step <= s.high and b.last_step >= s.low,
         unnest(b.steps, b.times, b.values) u(step, time, value)
   where u.step between s.low and s.high
     and (b.superseded_from is null or u.step < b.superseded_from)),
buckets as (
  select run_id, rank, bucket, min(step) as first_step, max(step) as last_step, min(time) as first_time,
         max(time) as last_time, count(*) as n,
         count(*) filter (where value in ('NaN', 'Infinity', '-Infinity')) as odd,
         min(value) filter (where value not in ('NaN', 'Infinity', '-Infinity')) as min,
         max(value) filter (where value not in ('NaN', 'Infinity', '-Infinity')) as max,
         avg(value) filter (where value not in ('NaN', 'Infinity', '-Infinity')) as mean,
         (array_agg(value order by step desc, time desc))[1] as last
    from points
   group by run_id, rank, bucket)
select s.run_id::text as run_id, s.rank, s.calls, s.last_step,
       array_agg(b.first_step order by b.bucket) as first_step, array_agg(b.last_step order by b.bucket) as last_steps,
       array_agg((extract(epoch from b.first_time) * 1000)::bigint order by b.bucket) as first_time,
       array_agg((extract(epoch from b.last_time) * 1000)::bigint order by b.bucket) as last_time,
       array_agg(b.min order by b.bucket) as min, array_agg(b.max order by b.bucket) as max,
       array_agg(b.mean order by b.bucket) as mean, array_agg(b.last order by b.bucket) as last,
       array_agg(b.n order by b.bucket) as n, array_agg(b.odd order by b.bucket) as odd
  from series s
  left join buckets b on b.run_id = s.run_id and b.rank is not distinct from s.rank
 group by s.run_id, s.rank, s.calls, s.last_step
 order by s.run_id, s.rank
