-- Series behind a place of which something may be too old. Those whose search is up to date are left out, and so are
-- those whose attempt is too young; the last one looked at is there in any case, so that it is known where to go on.
-- $1 run_id, $2 keyset_id, $3 rank, $4 attempt: the place; $5 how many series to look at. Columns: run_id, keyset_id,
-- rank, attempt, and the times before which raw values and roll-ups go, null: they stay. No row: there are no more.
with looked_at as materialized (
  select run_id, keyset_id, rank, attempt, calls, removed, raw_since, rollups_since
    from compacted
   where (run_id, keyset_id, rank, attempt) > ($1::bigint, $2::bigint, $3::bigint, $4::bigint)
   order by run_id, keyset_id, rank, attempt
   limit $5::bigint),
allowed as materialized (
  select run_id, raw, rollups from retention_runs where run_id in (select run_id from looked_at)),
due as materialized (
  select l.*, r.rollups,
         case when l.removed < l.calls and coalesce(l.raw_since < r.raw, true) and a.started < r.raw then r.raw end as raw,
         a.started < r.rollups and coalesce(l.rollups_since < r.rollups, true) as rollups_are,
         row_number() over (order by l.run_id desc, l.keyset_id desc, l.rank desc, l.attempt desc) as from_end
    from looked_at l
    left join allowed r using (run_id)
    left join attempts a using (run_id, rank, attempt))
select run_id, keyset_id, rank, attempt, raw, case when rollups_are or raw is not null then rollups end as rollups
  from due
 where raw is not null or rollups_are or from_end = 1
 order by from_end desc
