-- Values of one metric in the order of their times; equal times in the order of arrival.
-- $1 bigint: run; $2 text: name; $3, $4 bigint: first and last step; $5 timestamptz: around this
-- time, or null; $6 float8: so many seconds to both sides; $7 integer: rank or null;
-- $8 boolean: also what a later attempt logged again; $9 integer: attempt or null.
-- Columns: timestamp, step, value, rank, attempt.
select u.time as timestamp, u.step, u.value, rank, attempt
  from metric_blocks, unnest(steps, times, values) with ordinality as u(step, time, value, n)
 where run_id = $1::bigint and kind = 'metric' and name = $2
   and first_step <= $4::bigint and last_step >= $3::bigint
   and u.step between $3 and $4
   and ($5::timestamptz is null
        or u.time between $5 - make_interval(secs => $6::float8)
                      and $5 + make_interval(secs => $6::float8))
   and ($7::integer is null or rank = $7)
   and ($8::boolean or superseded_from is null or u.step < superseded_from)
   and ($9::integer is null or attempt = $9)
 order by u.time, rank, attempt, first_step, u.n
