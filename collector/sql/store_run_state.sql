-- Overwrites run states. Arrays, one element a row: $1 run_id, $2 keyset_id, $3 rank, $4 attempt,
-- $5 calls, $6 first_step, $7 last_step, $8 last_time, $9 and $10 where the row's values begin and
-- end in $11 last, $12 minimum and $13 maximum, which hold those of all rows. No columns.
insert into run_state (run_id, keyset_id, rank, attempt, calls, first_step, last_step, last_time,
                       last, minimum, maximum)
select u.run_id, u.keyset_id, u.rank, u.attempt, u.calls, u.first_step, u.last_step, u.last_time,
       ($11::float8[])[u.low : u.high], ($12::float8[])[u.low : u.high],
       ($13::float8[])[u.low : u.high]
  from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[], $5::bigint[],
              $6::bigint[], $7::bigint[], $8::timestamptz[], $9::integer[], $10::integer[])
       as u(run_id, keyset_id, rank, attempt, calls, first_step, last_step, last_time, low, high)
on conflict (run_id, keyset_id, rank, attempt) do update
   set calls = excluded.calls, first_step = excluded.first_step, last_step = excluded.last_step,
       last_time = excluded.last_time, last = excluded.last, minimum = excluded.minimum,
       maximum = excluded.maximum;
