-- Blocks of a series that are not rolled, or small enough to be joined with their neighbours, in the order of
-- their steps. $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 first step from which on, $6 calls that are
-- small, $7 how many at most. Columns: place, first_step, calls, rolled.
select ctid, first_step, cardinality(steps), rolled
  from blocks
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint
   and first_step >= $5::bigint
   and (not rolled or cardinality(steps) < $6::bigint)
 order by first_step
 limit $7::bigint;
