-- Takes blocks of a series out, to be replaced by joined ones. $1 run_id, $2 keyset_id, $3 rank, $4 attempt,
-- $5 and $6 the first steps of the first and the last of them, $7 places (text of tid[]; the subquery has it read
-- once instead of for each row). Columns: rolled, steps, times, values.
delete from blocks
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint
   and first_step between $5::bigint and $6::bigint
   and ctid = any (array(select unnest($7::text::tid[])))
returning rolled, steps, times, values;
