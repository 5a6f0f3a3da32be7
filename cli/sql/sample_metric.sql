-- A few values of a metric over the steps of each run, for a small curve: those at evenly spaced steps, or
-- logged last before them. Of the lowest rank, and of the keyset that was logged most.
-- $1 bigint[]: runs; $2 text: metric; $3 integer: how many values. Rows in the order of $1.
-- Column: samples, an array, empty where the run has no such metric.
select array(
         select (select b.values[(select count(*) from unnest(b.steps) u(step) where u.step <= at.step)]
                   from metric_blocks b
                  where b.run_id = s.run_id and b.kind = 'metric' and b.name = $2
                    and b.keyset_id = s.keyset_id and b.rank = s.rank and b.first_step <= at.step
                  order by b.first_step desc
                  limit 1)
           from generate_series(0, $3::integer - 1) i,
                lateral (select s.first_step + ((s.last_step - s.first_step)::float8 * i
                                                / greatest($3 - 1, 1))::bigint as step) at
          where s.run_id is not null
          order by i) as samples
  from unnest($1::bigint[]) with ordinality as asked(run_id, place)
  left join lateral (
    select o.run_id, o.keyset_id, o.rank, o.first_step, o.last_step
      from series_overview o
     where o.run_id = asked.run_id and o.kind = 'metric' and o.name = $2 and o.calls > 0
     order by o.rank, o.calls desc, o.attempt desc
     limit 1) s on true
 order by place
