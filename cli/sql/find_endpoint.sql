-- $1 endpoint_id. Columns: kind; no row: there is no such endpoint.
select kind from endpoints_overview where endpoint_id = $1::bigint
