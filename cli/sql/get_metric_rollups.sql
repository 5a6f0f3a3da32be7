-- Roll-ups of values that get_metric.sql gives and get_metric_blocks.sql does not. $1 to $12: as there.
-- Columns: rank, attempt, calls, odd (values that are NaN or infinite), and arrays: steps, values: of each bucket
-- the least and the greatest, or the last one if none is finite; times (of the bucket's, by the place of the step
-- among its steps).
with inner_steps as (
  select ceil(($9::bigint[])[1]::numeric / $12::bigint) * $12 as low, floor(($10::numeric + 1) / $12) * $12 as high)
select b.rank, b.attempt, sum(v.calls)::bigint as calls, sum(v.odd)::bigint as odd, array_agg(v.step) as steps,
       array_agg(v.value) as values,
       array_agg(u.first_time + (u.last_time - u.first_time)
                 * ((v.step - u.first_step)::float8 / greatest(u.last_step - u.first_step, 1))) as times
  from inner_steps i, rollup_columns b
  cross join lateral (
    select case when not $7::boolean then b.superseded_from end as hidden_from) h,
       unnest(b.calls, b.first_steps, b.last_steps, b.first_times, b.last_times, b.minimum, b.minimum_steps,
              b.maximum, b.maximum_steps, b.last, b.odd)
         as u(calls, first_step, last_step, first_time, last_time, minimum, minimum_step, maximum, maximum_step, last, odd)
  cross join lateral (
    select * from (values (u.minimum_step, u.minimum, u.calls, u.odd), (u.maximum_step, u.maximum, 0, 0)) e
     where u.odd < u.calls
    union all
    select u.last_step, u.last, u.calls, u.odd where u.odd = u.calls) v(step, value, calls, odd)
 where b.run_id = $1::bigint and b.kind = 'metric' and b.name = $2 and b.level = greatest($11::bigint, 1)
   and $5::timestamptz is null and ($11 > 0 or b.raw_from is not null)
   and b.first_step <= $4::bigint and b.last_step >= $3::bigint
   and u.first_step <= $4 and u.last_step >= $3
   and (h.hidden_from is null or u.first_step < h.hidden_from)
   and (u.first_step < b.raw_from
        or ($11 > 0 and u.first_step >= i.low and u.first_step < i.high
            and (h.hidden_from is null or u.first_step < floor(h.hidden_from::numeric / $12) * $12)))
   and ($6::integer is null or b.rank = $6)
   and ($8::integer is null or b.attempt = $8)
 group by b.rank, b.attempt
