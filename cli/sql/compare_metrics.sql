-- Metrics of some runs side by side. $1 bigint[]: runs; $2 text[]: names, or null for all; $3 text: how the
-- latest values of several ranks become one (across_ranks); $4 integer: rank or null; $5 bigint: rows at most.
-- Columns: name, and arrays in the order of $1, null where a run has no such metric: last, minimum, maximum.
with numbers as materialized (
  select run_id, name, min(minimum) as minimum, coalesce(max(nullif(maximum, 'NaN')), max(maximum)) as maximum,
         case count(*) when 1 then min(last) else across_ranks($3, array_agg(last)) end as last
    from metric_summary
   where run_id = any ($1::bigint[]) and kind = 'metric' and ($2::text[] is null or name = any ($2))
     and ($4::integer is null or rank = $4)
   group by run_id, name)
select n.name, array_agg(v.last order by g.place) as last, array_agg(v.minimum order by g.place) as minimum,
       array_agg(v.maximum order by g.place) as maximum
  from (select distinct name from numbers) n
 cross join unnest($1) with ordinality as g(run_id, place)
  left join numbers v on v.run_id = g.run_id and v.name = n.name
 group by n.name
 order by n.name collate "C"
 limit $5::bigint
