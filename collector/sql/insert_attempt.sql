-- The next attempt of a rank. No row is inserted if another start of the rank took the number in
-- the same moment, or if this producer has its attempt: look, then try again.
-- $1 run_id, $2 rank, $3 producer_id, $4 world_size, $5 host, $6 pid, $7 client, $8 started
-- (microseconds since 1970), $9 key_id, 0: none. Columns: attempt.
insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started,
                      key_id)
select $1::bigint, $2::bigint::integer,
       coalesce((select max(a.attempt) + 1 from attempts a
                  where a.run_id = $1::bigint and a.rank = $2::bigint::integer), 0),
       $3::uuid, $4::bigint::integer, $5::text, $6::bigint, $7::text,
       timestamptz 'epoch' + $8::bigint * interval '1 microsecond',
       nullif($9::bigint, 0)
on conflict do nothing
returning attempt;
