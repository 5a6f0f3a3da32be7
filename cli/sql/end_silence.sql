-- $1 silence_id. Columns: ends; no row: no such silence is in force.
update silences set ends = now() where silence_id = $1::bigint and ends > now() returning ends
