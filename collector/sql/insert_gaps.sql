-- Arrays, one element a gap: $1 run_id, $2 rank, $3 attempt, $4 calls, $5 first_step or null,
-- $6 last_step or null, $7 first_time or null, $8 last_time or null. No columns.
insert into gaps (run_id, rank, attempt, calls, first_step, last_step, first_time, last_time)
select * from unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[],
                     $6::bigint[], $7::timestamptz[], $8::timestamptz[]);
