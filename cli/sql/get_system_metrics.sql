-- Values of a run's system metrics, in the order of their times. Those of one call follow each other, and a
-- call's positions rise.
-- $1 bigint: run; $2 text: name or null; $3 integer: rank or null; $4 timestamptz: only later calls, or null;
-- $5 float8: only those of the last so many seconds, or null; $6 bigint: only the newest so many calls, or null.
-- Columns: timestamp, metric, value, rank, position, has_more (there are older calls).
with calls as materialized (
  select b.place, u.n, row_number() over newest as number
    from block_columns b, unnest(b.times) with ordinality as u(time, n),
         coalesce($4::timestamptz, now() - make_interval(secs => $5::float8)) as since
   where b.run_id = $1::bigint and b.kind = 'system'
     and case when $2::text is null then b.position = 1 else b.name = $2 end
     and ($3::integer is null or b.rank = $3)
     and (since is null or u.time > since)
  window newest as (order by u.time desc, b.rank desc, b.attempt desc, b.keyset_id desc, b.first_step desc,
                    b.place desc, u.n desc)
   order by number
   limit $6::bigint + 1),
shown as (
  select place, array_agg(n) as ns
    from calls
   where $6 is null or number <= $6
   group by place)
select plain.times[u.n] as timestamp, b.name as metric, plain.values[u.n] as value, b.rank, b.position,
       coalesce((select max(number) > $6 from calls), false) as has_more
  from shown s
  join block_columns b using (place)
  cross join lateral (select b.times || '{}' as times, b.values || '{}' as values offset 0) plain
  cross join lateral unnest(s.ns) as u(n)
 where b.run_id = $1 and b.kind = 'system'
   and ($2 is null or b.name = $2)
 order by timestamp, b.rank, b.attempt, b.keyset_id, b.first_step, b.place, u.n, b.position
