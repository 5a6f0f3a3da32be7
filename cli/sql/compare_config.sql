-- The configurations of some runs side by side: values of nested objects under the keys that dots join.
-- $1 bigint[]: runs; $2 boolean: also what is equal in all of them; $3 bigint: rows at most.
-- Columns: name, values: a JSON array in the order of $1, null where a run has no such key.
with recursive given as (
  select g.place, r.config
    from unnest($1::bigint[]) with ordinality as g(run_id, place)
    join runs_overview r using (run_id)),
parts as (
  select place, ''::text as name, config as value, 0 as depth from given
  union all
  select p.place, case p.name when '' then m.key else p.name || '.' || m.key end, m.value, p.depth + 1
    from parts p, jsonb_each(case when jsonb_typeof(p.value) = 'object' then p.value else '{}' end) m
   where p.depth < 16),
leaves as (
  select place, name, value
    from parts
   where name <> '' and (jsonb_typeof(value) <> 'object' or value = '{}' or depth = 16))
select name,
       (select jsonb_agg(l.value order by g.place)
          from unnest($1) with ordinality as g(run_id, place)
          left join leaves l on l.place = g.place and l.name = n.name) as values
  from (select name, count(*) as runs, count(distinct value) as kinds from leaves group by name) n
 where $2::boolean or kinds > 1 or runs < cardinality($1)
 order by name collate "C"
 limit $3::bigint
