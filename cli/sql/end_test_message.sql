-- Nobody waits for this test any longer, so it is not tried again. A post that is under way still says
-- what came of it. $1 message_id. No columns.
update messages
   set state = 'failed', settled = now(), answer = coalesce(answer, 'not posted in time')
 where message_id = $1::bigint and state = 'waiting'
