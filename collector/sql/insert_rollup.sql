-- $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 level, $6 width, $7 first_step, $8 last_step, and arrays:
-- $9 calls, $10 first_steps, $11 last_steps, $12 first_times, $13 last_times, $14 minimum, $15 minimum_steps,
-- $16 maximum, $17 maximum_steps, $18 sum, $19 last, $20 odd. No columns.
insert into rollups (run_id, keyset_id, rank, attempt, level, width, first_step, last_step, calls, first_steps,
                     last_steps, first_times, last_times, minimum, minimum_steps, maximum, maximum_steps, sum,
                     last, odd)
values ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint,
        $9::integer[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[], $14::float8[],
        $15::bigint[], $16::float8[], $17::bigint[], $18::float8[], $19::float8[], $20::integer[]);
