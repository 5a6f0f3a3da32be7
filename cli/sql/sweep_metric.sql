-- The runs of a sweep, grouped by values of their configuration: how good the metric became in each group.
-- $1 to $5: project, conditions, metrics, agg and rank as in list_runs.sql, the metric the first of $3;
-- $6 text[]: keys of the configuration; $7 integer: which value of a run counts: 0 the latest, 1 the
-- minimum, 2 the maximum; $8 boolean: the greatest is the best; $9 bigint: groups at most, or null.
-- NaN and the infinities are counted and are no value; so are runs without the metric.
-- Columns: keys (values of $6, JSON), best, mean, std, min, max, runs, ranks, nonfinite_runs, empty_runs,
-- best_run, best_run_id, total (groups).
with runs as (
  select run, run_id, coalesce(ranks, 0) as ranks,
         (numbers -> ($3::text[])[1] ->> $7::integer)::float8 as given,
         (select jsonb_agg(coalesce(config -> k, config #> string_to_array(k, '.')) order by place)
            from unnest($6::text[]) with ordinality as keys(k, place)) as keys
    from runs_that_meet($1, $2::jsonb, $3, $4, $5::integer, null)),
valued as (
  select *, case when given not in ('NaN', 'Infinity', '-Infinity') then given end as value from runs),
grouped as (
  select keys, case when $8::boolean then max(value) else min(value) end as best,
         avg(value) as mean, stddev_samp(value) as std, min(value) as min, max(value) as max,
         count(*) as runs, sum(ranks)::bigint as ranks,
         count(*) filter (where given is not null and value is null) as nonfinite_runs,
         count(*) filter (where given is null) as empty_runs
    from valued
   group by keys)
select g.*, b.run as best_run, b.run_id::text as best_run_id, count(*) over () as total
  from grouped g
  left join lateral (
    select run, run_id from valued v where v.keys is not distinct from g.keys and v.value = g.best
     order by run_id limit 1) b on true
 order by case when $8 then -best else best end nulls last, keys
 limit $9::bigint
