-- Holds the metrics lane of a producer still while its run state is computed.
-- $1 run_id, $2 producer_id. Columns: last_seq, state_seq, committed.
select last_seq, state_seq, committed
  from producers
 where run_id = $1::bigint and producer_id = $2::uuid and lane = 1
   for update;
