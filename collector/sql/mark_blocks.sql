-- Marks blocks of a series that are large enough as they are. $1 to $7 as in take_blocks.sql.
-- Columns: rolled (before), steps, times, values.
update blocks set rolled = true
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint
   and first_step between $5::bigint and $6::bigint
   and ctid = any (array(select unnest($7::text::tid[]))) and not rolled
returning false, steps, times, values;
