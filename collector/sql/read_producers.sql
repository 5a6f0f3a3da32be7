-- Where streams stand. Arrays: $1 run_id, $2 producer_id, $3 lane.
-- Columns: position in the arrays from 0, last_seq; no row for a stream that is gone.
select u.n - 1, p.last_seq
  from unnest($1::bigint[], $2::uuid[], $3::smallint[]) with ordinality
       as u(run_id, producer_id, lane, n)
  join producers p
    on p.run_id = u.run_id and p.producer_id = u.producer_id and p.lane = u.lane;
