-- A test message, which the notifier words and posts. $1 endpoint_id. Columns: message_id, webhook_id, url
-- (as it may be shown); no row: there is no such endpoint.
with made as (
  insert into messages (webhook_id, endpoint_id, form, alerts, body)
  select 'msg_' || replace(gen_random_uuid()::text, '-', ''), endpoint_id, 'test', 0, ''
    from endpoints
   where endpoint_id = $1::bigint and removed is null
  returning message_id, webhook_id, endpoint_id)
select m.message_id::text, m.webhook_id, e.shown as url
  from made m join endpoints e using (endpoint_id)
