-- The blocks that hold the values that get_metric.sql gives, in no order. $1 to $5: as there; $6, $7, $8: as
-- $7, $8, $9 there; $9 bigint[]: the steps at which stretches of steps begin, the first of them the first of
-- all; $10 bigint: the last step of all. Columns: place, first_step, rank, attempt, hidden_from (steps from
-- there on do not count; null: all do), steps (null: all count, are in one stretch, and are neither the first
-- nor the last of all), times (null: all count), values.
select place, first_step, rank, attempt, case when not $7::boolean then superseded_from end as hidden_from,
       case when $5::timestamptz is null
                 and first_step > ($9::bigint[])[1] and last_step < $10::bigint
                 and ($7 or superseded_from is null or last_step < superseded_from)
                 and width_bucket(first_step, $9) = width_bucket(last_step, $9)
            then null else steps end as steps,
       case when $5 is not null then times end as times,
       values
  from block_columns
 where run_id = $1::bigint and kind = 'metric' and name = $2
   and first_step <= $4::bigint and last_step >= $3::bigint
   and ($7 or superseded_from is null or first_step < superseded_from)
   and ($6::integer is null or rank = $6)
   and ($8::integer is null or attempt = $8)
