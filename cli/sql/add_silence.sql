-- From now on alerts that match are not sent. $1 project or null (all), $2 bigint: run or null, $3 maximum
-- level, $4 title with * for any text, or null (all), $5 seconds, $6 comment or null, $7 who.
-- Columns: id, ends.
insert into silences (project_id, run_id, max_level, title, comment, who, ends)
values ((select project_id from projects where name = $1::text), $2::bigint,
        array_position(array['info', 'warn', 'error'], $3::text) - 1, $4::text, $6::text, $7::text,
        now() + $5::bigint * interval '1 s')
returning silence_id::text as id, ends
