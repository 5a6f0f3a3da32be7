-- Arrays, one element a finished attempt: $1 run_id, $2 rank, $3 attempt, $4 ended, $5 ending.
-- No columns.
update attempts a
   set ended = u.ended, ending = u.ending
  from unnest($1::bigint[], $2::integer[], $3::integer[], $4::timestamptz[], $5::text[])
       as u(run_id, rank, attempt, ended, ending)
 where a.run_id = u.run_id and a.rank = u.rank and a.attempt = u.attempt;
