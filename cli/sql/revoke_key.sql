-- $1 name. Columns: key_id; no row: there is no such key.
update keys set revoked = coalesce(revoked, now()) where name = $1::text returning key_id
