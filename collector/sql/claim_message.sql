-- From now on, for $3 ms, this message is posted by nobody else. $1 message_id, $2 claim. No columns.
update messages
   set claim = $2::uuid, claimed_until = now() + $3::bigint * interval '1 ms'
 where message_id = $1::bigint;
