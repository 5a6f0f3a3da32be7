-- $1 endpoint_id, $2 why. Columns: shown; no row: it was disabled already.
update endpoints set enabled = false, why_disabled = $2::text
 where endpoint_id = $1::bigint and enabled
returning shown;
