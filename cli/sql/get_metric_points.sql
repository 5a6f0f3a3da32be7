-- Chosen values of a metric, in the order of get_metric.sql. $1 bigint: run; $2 text: name; $3 tid[]: places
-- of their blocks (block_columns); $4 integer[]: their positions there, from 1; $5 float8[]: the values.
-- Columns: timestamp, step, value, rank, attempt.
with chosen as (
  select place, array_agg(position) as positions, array_agg(value) as values
    from unnest($3::tid[], $4::integer[], $5::float8[]) as c(place, position, value)
   group by place)
select plain.times[u.position] as timestamp, plain.steps[u.position] as step, u.value, b.rank, b.attempt
  from chosen c
  join block_columns b using (place)
  cross join lateral (select b.steps || '{}' as steps, b.times || '{}' as times offset 0) plain -- unpacked once
  cross join lateral unnest(c.positions, c.values) as u(position, value)
 where b.run_id = $1::bigint and b.kind = 'metric' and b.name = $2
 order by timestamp, b.rank, b.attempt, b.first_step, u.position
