-- Takes an endpoint for the rest of the transaction, if it may be posted to now and nobody else has
-- it. No key update: the deliveries of new alerts, which refer to the row, do not wait for it.
-- $1 endpoint_id.
-- Columns: kind, url, secret or null, the one it replaces while that still signs or null, whole tokens
-- in its bucket, enabled, posts in a row that failed.
select kind, url, secret, case when old_secret_until > now() then old_secret end,
       floor(endpoint_tokens(kind, tokens, tokens_at))::bigint, enabled,
       failures
  from endpoints e
 where endpoint_id = $1::bigint and removed is null and available <= now()
   and not exists (select from messages m
                    where m.endpoint_id = e.endpoint_id and m.state = 'waiting'
                      and m.claimed_until > now())
   for no key update skip locked;
