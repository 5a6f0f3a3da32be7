-- The row that says how far a series is, if it has none yet. $1 run_id, $2 keyset_id, $3 rank, $4 attempt.
-- No columns.
insert into compacted (run_id, keyset_id, rank, attempt, calls, from_step)
values ($1::bigint, $2::bigint, $3::bigint, $4::bigint, 0, '-9223372036854775808')
on conflict (run_id, keyset_id, rank, attempt) do nothing;
