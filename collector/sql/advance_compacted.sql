-- How far a claimed series is now. $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 calls rolled in this
-- transaction, $6 where to look next. No columns.
update compacted set calls = calls + $5::bigint, from_step = $6::bigint
 where run_id = $1::bigint and keyset_id = $2::bigint and rank = $3::bigint and attempt = $4::bigint;
