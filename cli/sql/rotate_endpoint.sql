-- Gives a generic endpoint another signing secret; the one that it had signs too for 24 hours.
-- $1 endpoint_id, $2 the new secret. Columns: url (as it may be shown), had_one; no row: there is no such
-- generic endpoint.
update endpoints
   set secret = $2::text, old_secret = secret,
       old_secret_until = case when secret is not null then now() + interval '24 hours' end
 where endpoint_id = $1::bigint and removed is null and kind = 'generic'
returning shown as url, old_secret is not null as had_one
