-- Brings the run state of one producer up to date from its blocks.
--
-- Normally only blocks are read whose steps lie all above the last one that the stored state knows;
-- that is everything new, if steps only rise. Whether they did is seen from the number of calls:
-- a block the state includes begins at or below its last_step, so nothing is ever counted twice,
-- and if the calls add up to those committed, nothing was left out. If they do not, the caller asks
-- again with $4: everything from all blocks. Where retention removed blocks, what the state knows of
-- them stays, and `compacted` has their number. The rules are those of 0001_init.sql: minimum and
-- maximum ignore NaN, last is of the highest step, the latest logged of equals.
--
-- $1 run_id, $2 rank, $3 attempt, $4 from all blocks. Columns: calls of all keysets.
with base as (
  select s.*, c.calls as rolled_calls -- and those that were removed
    from run_state s
    left join compacted c using (run_id, keyset_id, rank, attempt)
   where s.run_id = $1::bigint and s.rank = $2::bigint and s.attempt = $3::bigint
     and (c.removed > 0 or not $4::boolean)),
keysets as (
  select k.keyset_id,
         case when b.last_step is null or $4 then '-9223372036854775808'::bigint
              when b.last_step = 9223372036854775807::bigint then b.last_step
              else b.last_step + 1
         end as from_step
    from (select distinct s.keyset_id from series s where s.run_id = $1::bigint) k
    left join base b using (keyset_id)),
fresh as materialized (
  select k.keyset_id, b.first_step, b.last_step, b.steps, b.times, b.values, b.rolled,
         cardinality(b.steps) as n
    from keysets k
    join blocks b on b.run_id = $1::bigint and b.keyset_id = k.keyset_id
                 and b.rank = $2::bigint and b.attempt = $3::bigint
                 and b.first_step >= k.from_step),
totals as (
  select keyset_id, sum(calls)::bigint as calls, min(first_step) as first_step,
         max(last_step) as last_step
    from (select f.keyset_id, case when not (f.rolled and b.keyset_id is not null and $4) then f.n end as calls,
                 f.first_step, f.last_step
            from fresh f left join base b using (keyset_id)
          union all
          select keyset_id, case when $4 then rolled_calls else calls end, first_step, last_step from base) t
   group by keyset_id),
ranges as (
  select keyset_id, array_agg(coalesce(low, 'NaN') order by position) as minimum,
         array_agg(coalesce(high, 'NaN') order by position) as maximum
    from (select keyset_id, position, min(nullif(low, 'NaN')) as low,
                 max(nullif(high, 'NaN')) as high
            from (select f.keyset_id, (u.i - 1) / f.n + 1 as position, u.value as low,
                         u.value as high
                    from fresh f, unnest(f.values) with ordinality as u(value, i)
                  union all
                  select b.keyset_id, u.position, u.low, u.high
                    from base b,
                         unnest(b.minimum, b.maximum) with ordinality as u(low, high, position)) v
           group by keyset_id, position) p
   group by keyset_id),
lasts as (
  select distinct on (keyset_id) keyset_id, step, time, last
    from (select f.keyset_id, u.step, u.time, u.i,
                 array(select f.values[c * f.n + u.i]
                         from generate_series(0, cardinality(f.values) / f.n - 1) c
                        order by c) as last
            from fresh f join totals t using (keyset_id, last_step),
                 unnest(f.steps, f.times) with ordinality as u(step, time, i)
           where u.step = f.last_step
          union all
          select keyset_id, last_step, last_time, 0, last from base) l
   order by keyset_id, step desc, time desc, i desc),
stored as (
  insert into run_state (run_id, keyset_id, rank, attempt, calls, first_step, last_step, last_time,
                         last, minimum, maximum)
  select $1::bigint, keyset_id, $2::bigint, $3::bigint, t.calls, t.first_step, l.step, l.time,
         l.last, r.minimum, r.maximum
    from totals t join ranges r using (keyset_id) join lasts l using (keyset_id)
  on conflict (run_id, keyset_id, rank, attempt) do update
     set calls = excluded.calls, first_step = excluded.first_step, last_step = excluded.last_step,
         last_time = excluded.last_time, last = excluded.last, minimum = excluded.minimum,
         maximum = excluded.maximum
  returning calls)
select coalesce(sum(calls), 0)::bigint from stored;
