-- Removes some blocks of a series whose newest value is too old. Only rolled ones: the roll-ups take their place, below
-- raw_from, which is a multiple of their width. Waits for nobody: what compaction has in hand, or somebody who deletes
-- the run, is left for another time. All blocks of the series are looked at, for steps may have fallen; raw_since
-- says that this is done. By key, so that they come in the order of the index and the search ends at the last one
-- that is wanted. Roll-ups are to be looked at then, for there may be more without raw values.
-- $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 the time before which they go, $6 how many at most.
-- Columns: how many went. No row: the series is left alone.
with held as materialized (
  select run_id
    from runs
   where run_id = $1::bigint and deleting is null and pinned is null
     for key share skip locked),
series as materialized (
  select c.run_id, c.keyset_id, c.rank, c.attempt
    from compacted c
    join held using (run_id)
   where c.keyset_id = $2::bigint and c.rank = $3::bigint and c.attempt = $4::bigint
     for no key update of c skip locked),
found as materialized (
  select b.ctid
    from blocks b
   where b.run_id = $1 and b.keyset_id = $2 and b.rank = $3 and b.attempt = $4 and exists (select from series)
     and b.rolled and (select max(time) from unnest(b.times) time) < $5::timestamptz
   order by b.first_step
   limit $6::bigint
     for update of b skip locked),
removed as (
  delete from blocks
   where run_id = $1 and ctid = any (array(select ctid from found))
  returning last_step, cardinality(steps) as calls),
total as materialized (
  select count(*) as blocks, coalesce(sum(calls), 0)::bigint as calls, max(last_step) as last_step from removed),
bound as materialized (
  select t.*, raw_bound(last_step, width) as raw_from
    from total t,
         (select coalesce(max(b.width), 1) as width
            from rollups b
            join series using (run_id, keyset_id, rank, attempt)
           where b.level = 1) w)
update compacted c
   set removed = c.removed + b.calls, raw_from = greatest(c.raw_from, b.raw_from),
       raw_since = case when b.blocks < $6 then $5 else c.raw_since end,
       rollups_since = case when b.blocks = 0 then c.rollups_since end
  from series s, bound b
 where (c.run_id, c.keyset_id, c.rank, c.attempt) = (s.run_id, s.keyset_id, s.rank, s.attempt)
returning b.blocks
