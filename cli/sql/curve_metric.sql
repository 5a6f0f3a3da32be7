-- A metric of some runs for drawing: each series cut into buckets of steps.
-- $1 text: project; $2 bigint[]: runs; $3 text: name; $4 text: kind; $5 integer: buckets of a series at most;
-- $6 boolean: a series for each rank, else for each run; $7 integer: rank or null; $8, $9 bigint: only steps
-- between these, or null; $10 bigint[]: for each run of $2 only steps above this, or null.
-- Columns: run_id, rank (null: all), calls, last_step (of the whole series), and arrays with an element for
-- each bucket in the order of steps: first_step, last_steps, first_time, last_time (milliseconds since 1970),
-- min, max, mean, last, n, odd (values that are NaN or infinite).
--
-- Roll-ups of a level are read where their buckets are at most twice as wide as those asked for, whose width is
-- then a multiple of theirs; values themselves where they are not rolled, and at the ends of what was asked,
-- which lie inside of buckets. What retention removed is there as roll-ups only.
with asked as materialized (
  select g.run_id, greatest(s.since + 1, $8::bigint) as low
    from unnest($2::bigint[]) with ordinality as g(run_id, place)
    left join unnest($10::bigint[]) with ordinality as s(since, place) using (place)),
series as materialized (
  select o.run_id, case when $6::boolean then o.rank end as rank, sum(o.calls)::bigint as calls,
         max(o.last_step) as last_step, a.low as low_asked, greatest(min(o.first_step), a.low) as low,
         least(max(o.last_step), $9::bigint) as high
    from asked a
    join series_overview o using (run_id)
   where o.project = $1 and o.kind = $4 and o.name = $3 and ($7::integer is null or o.rank = $7)
   group by o.run_id, case when $6::boolean then o.rank end, a.low),
widths as (
  select s.run_id, s.rank, max(b.width) filter (where b.level = 1) as one, max(b.width) filter (where b.level = 2) as two
    from series s
    join rollup_columns b on b.run_id = s.run_id and b.kind = $4 and b.name = $3
                         and (s.rank is null or b.rank = s.rank) and ($7::integer is null or b.rank = $7)
                         and b.first_step <= s.high and b.last_step >= s.low
   group by s.run_id, s.rank),
levels as (
  select s.*, steps, case when w.two <= 2 * steps / $5 then 2 when w.one <= 2 * steps / $5 then 1 else 0 end as level,
         case when w.two <= 2 * steps / $5 then w.two when w.one <= 2 * steps / $5 then w.one else 1 end as unit
    from series s
    left join widths w on w.run_id = s.run_id and w.rank is not distinct from s.rank
    cross join lateral (select s.high::float8 - s.low + 1 as steps) l),
grid as materialized (
  select run_id, rank, low, high, level, unit, case when level = 0 then low else 0 end as origin,
         case when level = 0 then steps / $5 else ceil(steps / greatest($5 - 1, 1) / unit) * unit end as width,
         case when low_asked is not null
              then least(ceil(low_asked::numeric / unit) * unit, 9223372036854775807)::bigint end as inner_low,
         (floor(($9::numeric + 1) / unit) * unit)::bigint as inner_high
    from levels),
blocks as materialized ( -- chosen before any is unpacked
  select g.*, b.rolled, b.raw_from, b.superseded_from, e.inner_end, b.steps, b.times, b.values
    from grid g
    join block_columns b on b.run_id = g.run_id and b.kind = $4 and b.name = $3
                        and (g.rank is null or b.rank = g.rank) and ($7::integer is null or b.rank = $7)
                        and b.first_step <= g.high and b.last_step >= g.low
    cross join lateral (
      select (floor(b.superseded_from::numeric / g.unit) * g.unit)::bigint as inner_end) e
   where (not b.rolled or g.level = 0 or b.first_step < g.inner_low or b.last_step >= g.inner_high
          or b.last_step >= e.inner_end)
     and (b.superseded_from is null or b.first_step < b.superseded_from)),
points as (
  select b.run_id, b.rank, b.origin, b.width, u.step as first_step, u.step as last_step, u.time as first_time,
         u.time as last_time, 1 as n, f.finite, case when f.finite then 0 else 1 end as odd, u.value as min,
         u.value as max, u.value as sum, u.value as last
    from blocks b,
         unnest(b.steps, b.times, b.values) u(step, time, value),
         lateral (select u.value not in ('NaN', 'Infinity', '-Infinity') as finite) f
   where u.step between b.low and b.high
     and (b.superseded_from is null or u.step < b.superseded_from)
     and (not b.rolled
          or ((b.level = 0 or u.step < b.inner_low or u.step >= b.inner_high or u.step >= b.inner_end)
              and (b.raw_from is null or u.step >= b.raw_from)))),
picked as materialized ( -- the same of roll-ups
  select g.*, b.raw_from, b.superseded_from, (floor(b.superseded_from::numeric / g.unit) * g.unit)::bigint as inner_end,
         b.calls, b.first_steps, b.last_steps, b.first_times, b.last_times, b.minimum, b.maximum, b.sum, b.last, b.odd
    from grid g
    join rollup_columns b on b.run_id = g.run_id and b.kind = $4 and b.name = $3 and b.level = greatest(g.level, 1)
                         and (g.level > 0 or b.raw_from is not null)
                         and (g.rank is null or b.rank = g.rank) and ($7::integer is null or b.rank = $7)
                         and b.first_step <= g.high and b.last_step >= g.low),
rolled as (
  select g.run_id, g.rank, g.origin, g.width, u.first_step, u.last_step, u.first_time, u.last_time, u.n, u.odd < u.n as finite, u.odd,
         u.min, u.max, u.sum, u.last
    from picked g,
         unnest(g.calls, g.first_steps, g.last_steps, g.first_times, g.last_times, g.minimum, g.maximum, g.sum, g.last, g.odd)
           as u(n, first_step, last_step, first_time, last_time, min, max, sum, last, odd)
   where u.first_step <= g.high and u.last_step >= g.low
     and (g.superseded_from is null or u.first_step < g.superseded_from)
     and (u.first_step < g.raw_from
          or (g.level > 0
              and (g.inner_low is null or u.first_step >= g.inner_low)
              and (g.inner_high is null or u.first_step < g.inner_high)
              and (g.superseded_from is null or u.first_step < g.inner_end)))),
buckets as (
  select run_id, rank, floor((first_step - origin) / width) as bucket, min(first_step) as first_step, max(last_step) as last_step,
         min(first_time) as first_time, max(last_time) as last_time, sum(n)::bigint as n, sum(odd)::bigint as odd,
         min(min) filter (where finite) as min, max(max) filter (where finite) as max,
         sum(sum) filter (where finite) / sum(n - odd) filter (where finite) as mean,
         (array_agg(last order by last_step desc, last_time desc))[1] as last
    from (select * from points union all select * from rolled) p
   group by run_id, rank, floor((first_step - origin) / width))
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
