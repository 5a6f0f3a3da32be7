-- Marks blocks of a series that are large enough as they are. $1 run_id, $2 keyset_id, $3 rank, $4 attempt,
-- $5 places (text of tid[]). Columns: rolled (before), steps, times, values.
update blocks set rolled = true
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint
   and ctid = any ($5::text::tid[]) and not rolled
returning false, steps, times, values;
