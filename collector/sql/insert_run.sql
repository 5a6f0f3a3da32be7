-- A run, unless another of its ranks made it already: then rank 0 names it, whoever came first,
-- unless a person has.
-- $1 run_id, $2 project_id, $3 name, $4 group or null, $5 user or null, $6 created (microseconds
-- since 1970), $7 whether this is rank 0. No columns.
insert into runs (run_id, project_id, name, group_name, username, created)
values ($1::bigint, $2::bigint, $3::text, $4::text, $5::text,
        timestamptz 'epoch' + $6::bigint * interval '1 microsecond')
on conflict (run_id) do update
   set name = case when runs.renamed is null then excluded.name else runs.name end,
       group_name = excluded.group_name, username = excluded.username
 where $7::boolean and runs.project_id = excluded.project_id
   and ((runs.group_name, runs.username) is distinct from (excluded.group_name, excluded.username)
        or runs.name <> excluded.name and runs.renamed is null);
