-- Lets an endpoint have alerts, at once. $1 endpoint_id. Columns: url (as it may be shown); no row: there
-- is no such endpoint.
update endpoints
   set enabled = true, why_disabled = null, failures = 0, available = now()
 where endpoint_id = $1::bigint and removed is null
returning shown as url
