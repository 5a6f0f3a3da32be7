-- Removes some rows of roll-ups of a series whose newest value is too old, where the raw values are gone. As
-- remove_old_blocks.sql: $1 run_id, $2 keyset_id, $3 rank, $4 attempt, $5 the time before which they go, $6 how many
-- at most. Columns: how many went. No row: the series is left alone.
with held as materialized (
  select run_id
    from runs
   where run_id = $1::bigint and deleting is null and pinned is null
     for key share skip locked),
series as materialized (
  select c.run_id, c.keyset_id, c.rank, c.attempt, c.raw_from
    from compacted c
    join held using (run_id)
   where c.keyset_id = $2::bigint and c.rank = $3::bigint and c.attempt = $4::bigint
     for no key update of c skip locked),
found as materialized (
  select b.ctid
    from rollups b
    join series s using (run_id, keyset_id, rank, attempt)
   where b.last_step < s.raw_from and (select max(time) from unnest(b.last_times) time) < $5::timestamptz
   limit $6::bigint),
removed as (
  delete from rollups where run_id = $1 and ctid = any (array(select ctid from found)) returning 1),
total as materialized (select count(*) as rows from removed)
update compacted c
   set rollups_since = case when t.rows < $6 then $5 else c.rollups_since end
  from series s, total t
 where (c.run_id, c.keyset_id, c.rank, c.attempt) = (s.run_id, s.keyset_id, s.rank, s.attempt)
returning t.rows
