-- $1 run_id, $2 rank, $3 attempt. Columns: keyset_id, calls, first_step, last_step, last_time
-- (microseconds since 2000), columns, last, minimum, maximum (arrays as text).
select keyset_id, calls, first_step, last_step,
       (extract(epoch from last_time) * 1000000)::bigint - 946684800000000,
       cardinality(last), last, minimum, maximum
  from run_state
 where run_id = $1::bigint and rank = $2::bigint and attempt = $3::bigint;
