-- The message of an endpoint that has waited longest for its next attempt. $1 endpoint_id, $2 whether
-- the endpoint is enabled; of one that is not, only tests. Columns: message_id, webhook_id, body
-- (empty: to be rendered), attempts.
select message_id, webhook_id, body, attempts
  from messages
 where endpoint_id = $1::bigint and state = 'waiting' and next_try <= now()
   and ($2::boolean or form = 'test')
 order by next_try, message_id
 limit 1;
