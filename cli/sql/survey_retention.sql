-- sql/survey_retention.sql
-- What is too old now, and would be removed. By the rules of collector/sql/remove_old_*.sql. $1 project or null: all.
-- Columns: project, runs (of which something goes), blocks, calls (raw ones, in these), rollups (rows), alerts, bytes
-- (that all of them take).
with allowed as materialized (
  select o.run_id, o.project_id, p.name as project, o.raw, o.rollups, o.alerts
    from retention_runs o
    join projects p using (project_id)
   where $1::text is null or p.name = $1),
compact as materialized (
  select c.run_id, c.keyset_id, c.rank, c.attempt, c.raw_from, a.raw, a.rollups
    from allowed a
    join compacted c using (run_id)
    join attempts s using (run_id, rank, attempt)
   where s.started < greatest(a.raw, a.rollups)),
old_blocks as materialized (
  select c.run_id, c.keyset_id, c.rank, c.attempt, count(*) as blocks, sum(cardinality(b.steps)) as calls,
         max(b.last_step) as last_step,
         sum(pg_column_size(b.steps) + pg_column_size(b.times) + pg_column_size(b.values)) as bytes
    from compact c
    join blocks b using (run_id, keyset_id, rank, attempt)
   where b.rolled and (select max(time) from unnest(b.times) time) < c.raw
   group by c.run_id, c.keyset_id, c.rank, c.attempt),
bounds as materialized (
  select c.*, greatest(c.raw_from, raw_bound(o.last_step, w.width)) as bound
    from compact c
    left join old_blocks o using (run_id, keyset_id, rank, attempt)
    cross join lateral (
      select coalesce(max(b.width), 1) as width
        from rollups b
       where b.run_id = c.run_id and b.keyset_id = c.keyset_id and b.level = 1 and b.rank = c.rank
         and b.attempt = c.attempt) w
   where c.rollups is not null),
parts as (
  select run_id, blocks, calls, 0 as rollups, 0 as alerts, bytes from old_blocks
  union all
  select b.run_id, 0, 0, count(*), 0,
         sum(pg_column_size(calls) + pg_column_size(first_steps) + pg_column_size(last_steps)
             + pg_column_size(first_times) + pg_column_size(last_times) + pg_column_size(minimum)
             + pg_column_size(minimum_steps) + pg_column_size(maximum) + pg_column_size(maximum_steps)
             + pg_column_size(sum) + pg_column_size(last) + pg_column_size(odd))
    from bounds c
    join rollups b using (run_id, keyset_id, rank, attempt)
   where b.last_step < c.bound and (select max(time) from unnest(b.last_times) time) < c.rollups
   group by b.run_id
  union all
  select s.run_id, 0, 0, 0, count(*), sum(pg_column_size(t.title) + coalesce(pg_column_size(t.text), 0))
    from allowed a
    join settled_alerts s on s.run_id = a.run_id and s.time < a.alerts
    join alerts t on t.run_id = s.run_id and t.alert_id = s.alert_id
   group by s.run_id)
select a.project, count(distinct run_id) as runs, sum(blocks)::bigint as blocks, sum(calls)::bigint as calls,
       sum(p.rollups)::bigint as rollups, sum(p.alerts)::bigint as alerts, sum(bytes)::bigint as bytes
  from parts p
  join allowed a using (run_id)
 group by a.project
 order by a.project collate "C"
