-- What became of a test message. $1 message_id. Columns: state, attempts, status, answer, rests_s (its
-- endpoint is left alone for so long; 0: it is not).
select m.state, m.attempts, m.status, m.answer,
       ceil(greatest(extract(epoch from e.available - now()), 0))::bigint as rests_s
  from messages m join endpoints e using (endpoint_id)
 where m.message_id = $1::bigint
