-- Producers whose run state was left behind by a collector that is gone: quiet for a while, so that
-- those another collector is just working on are left alone.
-- $1 how many at most, $2 quiet seconds. Columns: run_id, producer_id, rank, attempt.
select p.run_id, p.producer_id, a.rank, a.attempt
  from producers p
  join attempts a on a.run_id = p.run_id and a.producer_id = p.producer_id
 where p.lane = 1 and p.state_seq < p.last_seq
   and p.updated < now() - $2::bigint * interval '1 second'
 order by p.run_id, p.producer_id
 limit $1::bigint;
