-- The run state includes everything. $1 run_id, $2 producer_id. No columns.
update producers set state_seq = last_seq
 where run_id = $1::bigint and producer_id = $2::uuid and lane = 1;
