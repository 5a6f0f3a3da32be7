-- 0011_block_columns: blocks for readers that look at every value of a series, and want each block unpacked
-- once; and one place that knows which starts supersede others.

-- Starts of ranks that a later start superseded: from that step on the later one logged this name again. Starts
-- at the same microsecond are parts of one and hide nothing of each other.
create view superseded_series as
  select ours.run_id, s.kind, s.name, ours.rank, ours.attempt, min(t.first_step) as superseded_from
    from attempts ours
    join attempts theirs on theirs.run_id = ours.run_id and theirs.rank = ours.rank
                        and theirs.started > ours.started
    join run_state t on t.run_id = theirs.run_id and t.rank = theirs.rank and t.attempt = theirs.attempt
    join series s on s.run_id = t.run_id and s.keyset_id = t.keyset_id
   group by ours.run_id, s.kind, s.name, ours.rank, ours.attempt;

-- superseded_from is a lateral join so that it is looked up once per block, and an aggregate so that it is not
-- looked up at all where nobody selects it.
create or replace view metric_blocks as
  select p.name as project, r.name as run, r.run_id, b.rank, b.attempt, s.kind, s.name,
         b.keyset_id, s.position, b.first_step, b.last_step, b.steps, b.times,
         b.values[(s.position - 1) * cardinality(b.steps) + 1 : s.position * cardinality(b.steps)]
           as values,
         later.superseded_from
    from projects p
    join runs r using (project_id)
    join series s using (run_id)
    join blocks b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    left join lateral (
      select min(x.superseded_from) as superseded_from
        from superseded_series x
       where x.run_id = b.run_id and x.kind = s.kind and x.name = s.name
         and x.rank = b.rank and x.attempt = b.attempt) later on true;

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
