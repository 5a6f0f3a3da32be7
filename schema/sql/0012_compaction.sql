-- 0012_compaction: small blocks are joined, and overviews are kept beside them.
--
-- Blocks come as small as a producer's batches were: one call each, if it logs once a second. The collector joins
-- small ones of a run, keyset, rank and attempt in the background, in the order of their steps, and writes the
-- roll-ups of what it joined, all in one transaction: whoever reads finds each value in exactly one block, and in
-- the roll-ups if and only if its block is rolled.

alter table blocks add column rolled boolean not null default false; -- its values are in rollups too

-- Dead tuples of joined blocks are cleared away before they add up to a tenth of a large table.
alter table blocks set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000,
  toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 20000);

-- What is known of buckets of neighbouring steps, of the values of rolled blocks. A bucket is `width` steps, a power
-- of two, from a multiple of it on; width is what holds some 32 calls (level 1) or 32 times that (level 2). Rows add
-- up: a bucket that lies in two of them has the calls of both. Arrays have an element for each bucket that has calls,
-- or, from minimum on, one for each bucket of column 1, then of column 2, and so on, as in blocks.
create table rollups (
  run_id        bigint not null,
  keyset_id     bigint not null,
  width         bigint not null,
  first_step    bigint not null,             -- minimum of first_steps, maximum of last_steps
  last_step     bigint not null,
  rank          integer not null,
  attempt       integer not null,
  level         smallint not null constraint rollups_level check (level in (1, 2)),
  calls         integer[] compression lz4 not null,
  first_steps   bigint[] compression lz4 not null,
  last_steps    bigint[] compression lz4 not null,
  first_times   timestamptz[] compression lz4 not null, -- least and greatest time
  last_times    timestamptz[] compression lz4 not null,
  minimum       float8[] compression lz4 not null, -- of finite values; NaN: there are none
  minimum_steps bigint[] compression lz4 not null, -- where it is, the first of equals
  maximum       float8[] compression lz4 not null,
  maximum_steps bigint[] compression lz4 not null,
  sum           float8[] compression lz4 not null, -- of finite values
  last          float8[] compression lz4 not null, -- at the highest step, the latest of equals
  odd           integer[] compression lz4 not null); -- values that are NaN or infinite
create index rollups_by_series on rollups (run_id, keyset_id, level, rank, first_step);

-- How far each series is. A row exists once something was rolled.
create table compacted (
  run_id    bigint not null constraint compacted_run_fk references runs on delete cascade,
  keyset_id bigint not null,
  rank      integer not null,
  attempt   integer not null,
  calls     bigint not null,                 -- in rolled blocks, those removed since included
  from_step bigint not null,                 -- the latest block joined begins here: where to look next
  raw_from  bigint,                          -- blocks with steps below were removed, their roll-ups kept
  primary key (run_id, keyset_id, rank, attempt))
  with (fillfactor = 70);

create or replace view block_columns as
  select s.run_id, s.kind, s.name, b.keyset_id, s.position, b.ctid as place, b.rank, b.attempt,
         b.first_step, b.last_step, b.steps, b.times,
         plain.values[(s.position - 1) * (cardinality(plain.values) / keyset.columns) + 1
                      : s.position * (cardinality(plain.values) / keyset.columns)] as values,
         later.superseded_from, b.rolled, c.raw_from
    from series s
    cross join lateral (
      select count(*)::integer as columns
        from series k
       where k.run_id = s.run_id and k.keyset_id = s.keyset_id) keyset
    join blocks b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    cross join lateral (select b.values || '{}' as values offset 0) plain
    left join compacted c on c.run_id = b.run_id and c.keyset_id = b.keyset_id and c.rank = b.rank
                         and c.attempt = b.attempt
    left join superseded_series later on later.run_id = b.run_id and later.kind = s.kind
                                     and later.name = s.name and later.rank = b.rank
                                     and later.attempt = b.attempt;

-- The roll-ups of one series, an element of each array for a bucket.
create view rollup_columns as
  select s.run_id, s.kind, s.name, b.keyset_id, b.level, b.width, b.rank, b.attempt, b.first_step, b.last_step,
         b.calls, b.first_steps, b.last_steps, b.first_times, b.last_times,
         b.minimum[low : high] as minimum, b.minimum_steps[low : high] as minimum_steps,
         b.maximum[low : high] as maximum, b.maximum_steps[low : high] as maximum_steps,
         b.sum[low : high] as sum, b.last[low : high] as last, b.odd[low : high] as odd,
         later.superseded_from, c.raw_from
    from series s
    join rollups b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    cross join lateral (select (s.position - 1) * cardinality(b.calls) + 1 as low,
                               s.position * cardinality(b.calls) as high) part
    left join compacted c on c.run_id = b.run_id and c.keyset_id = b.keyset_id and c.rank = b.rank
                         and c.attempt = b.attempt
    left join superseded_series later on later.run_id = b.run_id and later.kind = s.kind
                                     and later.name = s.name and later.rank = b.rank
                                     and later.attempt = b.attempt;

-- A row for each bucket. What was not rolled yet is not in it; neither do these rows know that a restarted
-- rank logged steps again.
create view metric_rollups as
  select p.name as project, r.name as run, r.run_id, b.rank, b.attempt, b.name, b.level, b.width,
         u.first_step, u.last_step, u.first_time, u.last_time, u.calls, u.minimum, u.minimum_step, u.maximum,
         u.maximum_step, u.sum / nullif(u.calls - u.odd, 0) as mean, u.last, u.odd
    from projects p
    join runs r using (project_id)
    join rollup_columns b using (run_id),
         unnest(b.calls, b.first_steps, b.last_steps, b.first_times, b.last_times, b.minimum, b.minimum_steps,
                b.maximum, b.maximum_steps, b.sum, b.last, b.odd)
           as u(calls, first_step, last_step, first_time, last_time, minimum, minimum_step, maximum, maximum_step,
                sum, last, odd)
   where b.kind = 'metric';

-- What is left to do, a row for each series of which something is. Seconds old at most.
create view compaction_backlog as
  select t.run_id, t.keyset_id, t.rank, t.attempt, t.calls - coalesce(c.calls, 0) as calls,
         (t.calls - coalesce(c.calls, 0)) * cardinality(t.last) as points
    from run_state t
    left join compacted c using (run_id, keyset_id, rank, attempt)
   where t.calls > coalesce(c.calls, 0);

grant select, delete on blocks to tocsin_collector;
grant update (rolled) on blocks to tocsin_collector;
grant select, insert, delete on rollups to tocsin_collector;
grant select, insert, update on compacted to tocsin_collector;
grant select on block_columns, rollup_columns, metric_rollups, compaction_backlog to tocsin_reader;
