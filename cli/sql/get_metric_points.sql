-- Chosen values of a metric, in the order of get_metric.sql. $1 bigint: run; $2 text: name; and arrays with an
-- element for each: $3 tid[]: place of its block (block_columns), or null; $4 integer[]: its position there, from
-- 1, or 0: that of its step; $5 float8[]: the value; $6 bigint[]: its step where the position is 0; and where there
-- is no block $7 bigint[]: its time, more or less, in microseconds since 2000, $8 integer[]: rank, $9 integer[]:
-- attempt.
-- Columns: timestamp, step, value, rank, attempt.
with chosen as (
  select *
    from unnest($3::tid[], $4::integer[], $5::float8[], $6::bigint[], $7::bigint[], $8::integer[], $9::integer[])
           as c(place, position, value, step, time, rank, attempt)),
of_blocks as (
  select place, array_agg(position) as positions, array_agg(value) as values, array_agg(step) as steps,
         array_agg(timestamptz '2000-01-01 00:00:00+00' + time * interval '1 microsecond') as times
    from chosen
   where place is not null
   group by place)
select timestamp, step, value, rank, attempt
  from (
    select coalesce(plain.times[p.position], u.time) as timestamp, coalesce(plain.steps[p.position], u.step) as step,
           u.value, b.rank, b.attempt, b.first_step, p.position
      from of_blocks c
      join block_columns b using (place)
      cross join lateral (select b.steps || '{}' as steps, b.times || '{}' as times offset 0) plain -- unpacked once
      cross join lateral unnest(c.positions, c.values, c.steps, c.times) as u(position, value, step, time)
      cross join lateral (
        select case when u.position > 0 then u.position else width_bucket(u.step, plain.steps) end as position) f
      cross join lateral ( -- of several calls of a step that with the value; so too where steps fall
        select case when u.position > 0
                         or (plain.steps[f.position] = u.step
                             and plain.steps[f.position - 1] is distinct from u.step) then f.position
                    else (select min(w.n)::integer
                            from block_columns again, unnest(again.steps, again.values) with ordinality as w(step, value, n)
                           where again.place = c.place and again.run_id = $1 and again.kind = 'metric' and again.name = $2
                             and w.step = u.step and w.value = u.value)
               end as position) p
     where b.run_id = $1::bigint and b.kind = 'metric' and b.name = $2
    union all
    select timestamptz '2000-01-01 00:00:00+00' + time * interval '1 microsecond', step, value, rank, attempt, step, 0
      from chosen
     where place is null) v
 order by timestamp, rank, attempt, first_step, position
