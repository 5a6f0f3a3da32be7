-- The names of keysets, unless they are there.
-- Arrays, one element a column: $1 run_id, $2 keyset_id, $3 position, $4 name, $5 kind. No columns.
insert into series (run_id, keyset_id, position, name, kind)
select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::text[])
on conflict do nothing;
