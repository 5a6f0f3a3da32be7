-- Arrays, one element an alert: $1 run_id, $2 rank, $3 attempt, $4 level, $5 title, $6 text or null,
-- $7 step or null, $8 time, $9 webhook_url or null. No columns.
insert into alerts (run_id, rank, attempt, level, title, text, step, time, webhook_url)
select * from unnest($1::bigint[], $2::integer[], $3::integer[], $4::smallint[], $5::text[],
                     $6::text[], $7::bigint[], $8::timestamptz[], $9::text[]);
