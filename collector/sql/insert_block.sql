-- A joined block. $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 first_step, $6 last_step, $7 steps, $8 times,
-- $9 values. No columns.
insert into blocks (run_id, keyset_id, rank, attempt, first_step, last_step, steps, times, values, rolled)
values ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint[], $8::timestamptz[],
        $9::float8[], true);
