-- The blocks that hold the values that get_metric.sql gives, in no order. $1 to $5: as there; $6, $7, $8: as
-- $7, $8, $9 there; $9 bigint[]: the steps at which stretches of steps begin, the first of them the first of
-- all; $10 bigint: the last step of all; $11 bigint, $12 bigint: level and unit of get_metric_bounds.sql: what
-- get_metric_rollups.sql gives is left out. A rolled block may come twice, for its steps before and behind that.
-- Columns: place, first_step, rank, attempt, from_step and until_step (only steps from the one on and below the
-- other count; null: all do), steps (null: all count, are in one stretch, and are neither the first nor the last
-- of all), times (null: all count), values.
with inner_steps as (
  select ceil(($9::bigint[])[1]::numeric / $12::bigint) * $12 as low, floor(($10::numeric + 1) / $12) * $12 as high)
select place, b.first_step, rank, attempt, c.from_step, c.until_step,
       case when $5::timestamptz is null
                 and b.first_step > ($9::bigint[])[1] and b.last_step < $10::bigint
                 and (c.from_step is null or b.first_step >= c.from_step)
                 and (c.until_step is null or b.last_step < c.until_step)
                 and width_bucket(b.first_step, $9) = width_bucket(b.last_step, $9)
            then null else steps end as steps,
       case when $5 is not null then times end as times,
       values
  from inner_steps i, block_columns b
  cross join lateral (
    select case when not $7::boolean then b.superseded_from end as hidden_from,
           greatest(i.low, least(i.high, case when not $7 then floor(b.superseded_from::numeric / $12) * $12 end))
             as behind) h
  cross join lateral (
    select case when b.rolled then b.raw_from end as from_step, h.hidden_from as until_step
     where not b.rolled or $11::bigint = 0
    union all
    select b.raw_from, least(i.low, h.hidden_from)::bigint
     where b.rolled and $11 > 0 and b.first_step < i.low
    union all
    select greatest(b.raw_from, h.behind)::bigint, h.hidden_from
     where b.rolled and $11 > 0 and b.last_step >= h.behind) c
 where run_id = $1::bigint and kind = 'metric' and name = $2
   and b.first_step <= $4::bigint and b.last_step >= $3::bigint
   and (h.hidden_from is null or b.first_step < h.hidden_from)
   and (not b.rolled or $11 = 0 or b.first_step < i.low or b.last_step >= h.behind) -- before any is unpacked
   and ($6::integer is null or rank = $6)
   and ($8::integer is null or attempt = $8)
