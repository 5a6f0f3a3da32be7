-- Marks runs as alive, by the database's clock. $1 run_id array. No columns.
update runs set last_seen = now() where run_id = any($1::bigint[]);
