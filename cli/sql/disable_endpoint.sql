-- Lets an endpoint have no more alerts. $1 endpoint_id, $2 why. Columns: url (as it may be shown); no row:
-- there is no such endpoint.
update endpoints set enabled = false, why_disabled = $2::text
 where endpoint_id = $1::bigint and removed is null
returning shown as url
