-- Puts deliveries of an endpoint that are due into a message: those of one group, or all, as
-- list_waiting_groups has them in the same transaction. $1 endpoint_id, $2 message_id, $3 group_key, or
-- null for all. No columns.
update deliveries
   set state = 'sent', message_id = $2::bigint
 where endpoint_id = $1::bigint and state = 'waiting' and due <= now()
   and ($3::bigint is null or group_key = $3::bigint);
