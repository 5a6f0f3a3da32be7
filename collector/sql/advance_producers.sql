-- The compare and set that makes every batch count once: moves a stream only from exactly where
-- this group begins. Fewer rows than streams: somebody else got further, roll back.
-- Arrays, one element a stream, sorted by run, producer, lane:
-- $1 run_id, $2 producer_id, $3 lane, $4 last_seq before, $5 last_seq after, $6 emitted,
-- $7 dropped, $8 calls committed, $9 calls quarantined. No columns.
update producers p
   set last_seq = u.last, emitted = u.emitted, dropped = u.dropped,
       committed = p.committed + u.committed, quarantined = p.quarantined + u.quarantined,
       updated = now()
  from unnest($1::bigint[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::bigint[], $9::bigint[])
       as u(run_id, producer_id, lane, prior, last, emitted, dropped, committed, quarantined)
 where p.run_id = u.run_id and p.producer_id = u.producer_id and p.lane = u.lane
   and p.last_seq = u.prior;
