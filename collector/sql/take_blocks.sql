-- Takes blocks of a series out, to be replaced by joined ones. $1 run_id, $2 keyset_id, $3 rank, $4 attempt,
-- $5 places (text of tid[]). Columns: rolled, steps, times, values.
delete from blocks
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint
   and ctid = any ($5::text::tid[])
returning rolled, steps, times, values;
