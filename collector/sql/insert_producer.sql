-- Both lanes of a producer, at nothing. $1 run_id, $2 producer_id. No columns.
insert into producers (run_id, producer_id, lane)
values ($1::bigint, $2::uuid, 0), ($1::bigint, $2::uuid, 1)
on conflict do nothing;
