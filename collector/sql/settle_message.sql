-- What came of a post, if it is still ours to say. $1 message_id, $2 claim, $3 state, $4 attempts,
-- $5 ms until the next try, $6 HTTP status (0: no answer), $7 answer. Columns: endpoint_id.
update messages
   set state = $3::text, attempts = $4::bigint, next_try = now() + $5::bigint * interval '1 ms',
       status = nullif($6::bigint, 0), answer = $7::text, claim = null, claimed_until = null,
       settled = case when $3::text <> 'waiting' then now() end
 where message_id = $1::bigint and claim = $2::uuid
returning endpoint_id;
