-- A run, unless another of its ranks made it already.
-- $1 run_id, $2 project_id, $3 name, $4 group or null, $5 user or null, $6 created (microseconds
-- since 1970). No columns.
insert into runs (run_id, project_id, name, group_name, username, created)
values ($1::bigint, $2::bigint, $3::text, $4::text, $5::text,
        timestamptz 'epoch' + $6::bigint * interval '1 microsecond')
on conflict (run_id) do nothing;
