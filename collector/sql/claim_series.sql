-- Takes a series for this transaction; no row: another collector has it.
-- $1 run_id, $2 keyset_id, $3 rank, $4 attempt. Columns: from_step, calls that are not rolled as far as the
-- state knows.
select c.from_step,
       coalesce((select t.calls from run_state t
                  where t.run_id = c.run_id and t.keyset_id = c.keyset_id and t.rank = c.rank
                    and t.attempt = c.attempt), 0) - c.calls
  from compacted c
 where c.run_id = $1::bigint and c.keyset_id = $2::bigint and c.rank = $3::bigint and c.attempt = $4::bigint
   for update skip locked;
