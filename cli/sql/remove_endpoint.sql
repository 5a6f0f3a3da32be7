-- Removes an endpoint with its secrets; nothing more goes there. What was sent stays on record.
-- $1 endpoint_id. Columns: url (as it was shown), alerts and messages that will not be sent; no row: there
-- is no such endpoint.
with gone as (
  update endpoints
     set removed = now(), enabled = false, url = '', secret = null, old_secret = null,
         old_secret_until = null
   where endpoint_id = $1::bigint and removed is null
  returning endpoint_id, shown),
abandoned as (
  update deliveries set state = 'abandoned'
   where endpoint_id = (select endpoint_id from gone) and state = 'waiting'
  returning alert_id),
failed as (
  update messages set state = 'failed', settled = now(), answer = 'the endpoint was removed'
   where endpoint_id = (select endpoint_id from gone) and state = 'waiting'
  returning message_id)
select shown as url, (select count(*) from abandoned) as alerts,
       (select count(*) from failed) as messages
  from gone
