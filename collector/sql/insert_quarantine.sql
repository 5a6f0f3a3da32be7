-- Keeps a batch that cannot be stored, unless its run has as many already.
-- $1 run_id, $2 producer_id, $3 rank, $4 attempt, $5 lane, $6 seq, $7 calls, $8 sqlstate, $9 reason,
-- $10 frame (bytea), $11 most rows of a run. No columns; no row affected: the run has too many.
insert into quarantine (run_id, producer_id, rank, attempt, lane, seq, calls, sqlstate, reason, frame)
select $1::bigint, $2::uuid, $3::bigint::integer, $4::bigint::integer, $5::bigint::smallint,
       $6::bigint, $7::bigint, $8::text, $9::text, $10::bytea
 where (select count(*)
          from (select from quarantine q where q.run_id = $1::bigint limit $11::bigint) kept)
       < $11::bigint;
