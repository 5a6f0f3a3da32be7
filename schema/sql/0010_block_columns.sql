-- 0010_block_columns: blocks for readers that look at every value of a series, and want each block unpacked
-- once.

-- Starts of ranks that a later start superseded: from that step on the later one logged this name again.
create view superseded_series as
  select ours.run_id, s.kind, s.name, ours.rank, ours.attempt, min(t.first_step) as superseded_from
    from attempts ours
    join attempts theirs on theirs.run_id = ours.run_id and theirs.rank = ours.rank
                        and (theirs.started, theirs.attempt) > (ours.started, ours.attempt)
    join run_state t on t.run_id = theirs.run_id and t.rank = theirs.rank and t.attempt = theirs.attempt
    join series s on s.run_id = t.run_id and s.keyset_id = t.keyset_id
   group by ours.run_id, s.kind, s.name, ours.rank, ours.attempt;

-- The rows of metric_blocks without what costs time. values is decompressed once: `|| '{}'` makes it a plain
-- array, and `offset 0` keeps the planner from repeating that. (metric_blocks decompresses steps twice for its
-- bounds, which is a quarter of the time of such a reader.) place names the block as long as the
-- transaction's snapshot lasts.
create view block_columns as
  select s.run_id, s.kind, s.name, b.keyset_id, s.position, b.ctid as place, b.rank, b.attempt,
         b.first_step, b.last_step, b.steps, b.times,
         plain.values[(s.position - 1) * (cardinality(plain.values) / keyset.columns) + 1
                      : s.position * (cardinality(plain.values) / keyset.columns)] as values,
         later.superseded_from
    from series s
    cross join lateral (
      select count(*)::integer as columns
        from series k
       where k.run_id = s.run_id and k.keyset_id = s.keyset_id) keyset
    join blocks b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    cross join lateral (select b.values || '{}' as values offset 0) plain
    left join superseded_series later on later.run_id = b.run_id and later.kind = s.kind
                                     and later.name = s.name and later.rank = b.rank
                                     and later.attempt = b.attempt;

grant select on superseded_series, block_columns to tocsin_reader;
