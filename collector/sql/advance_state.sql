-- Claims the right to write run_state: only where it would include exactly what is committed. A
-- collector that lost a producer to another one is left out here and writes nothing of it.
-- Arrays, one element a producer: $1 run_id, $2 producer_id, $3 last_seq the state includes.
-- Columns: position in the arrays from 0.
update producers p
   set state_seq = u.seq
  from unnest($1::bigint[], $2::uuid[], $3::bigint[]) with ordinality
       as u(run_id, producer_id, seq, n)
 where p.run_id = u.run_id and p.producer_id = u.producer_id and p.lane = 1
   and p.last_seq = u.seq
returning u.n - 1;
