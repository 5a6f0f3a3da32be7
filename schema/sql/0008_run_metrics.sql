-- 0008_run_metrics: what people compare runs by.

-- One row for each metric of each rank of a run, over its attempts and keysets: the latest value logged, the
-- extremes ever logged (NaN only where there is nothing else), the number of calls. Seconds old at most.
create view metric_summary as
  select p.name as project, r.name as run, r.run_id, s.kind, s.name, t.rank,
         sum(t.calls)::bigint as calls, min(t.first_step) as first_step, max(t.last_step) as last_step,
         max(t.last_time) as last_time,
         (array_agg(t.last[s.position] order by t.last_time desc, t.last_step desc, t.attempt desc))[1]
           as last,
         coalesce(min(nullif(t.minimum[s.position], 'NaN')), 'NaN') as minimum,
         coalesce(max(nullif(t.maximum[s.position], 'NaN')), 'NaN') as maximum
    from projects p
    join runs r using (project_id)
    join series s using (run_id)
    join run_state t on t.run_id = s.run_id and t.keyset_id = s.keyset_id
   group by p.name, r.name, r.run_id, s.kind, s.name, t.rank;

-- One column more: the keyset.
create or replace view series_overview as
  select p.name as project, r.name as run, r.run_id, s.kind, s.name, t.rank, t.attempt, t.calls,
         t.first_step, t.last_step, t.last_time, t.last[s.position] as last,
         t.minimum[s.position] as minimum, t.maximum[s.position] as maximum, s.keyset_id
    from projects p
    join runs r using (project_id)
    join series s using (run_id)
    left join run_state t on t.run_id = s.run_id and t.keyset_id = s.keyset_id;

-- One value out of those of several ranks. how: mean, min, max, p50, p99. Null: of no rank.
create function across_ranks(how text, given float8[]) returns float8
  language sql immutable parallel safe
  return (select case how
                   when 'mean' then avg(v)
                   when 'min' then min(v) -- NaN counts as the greatest number
                   when 'max' then max(v)
                   when 'p50' then percentile_cont(0.5) within group (order by v)
                   when 'p99' then percentile_cont(0.99) within group (order by v)
                 end
            from unnest(given) v);

-- Whether text is a number, or one of NaN, Infinity and -Infinity.
create function is_number(given text) returns boolean
  language sql immutable parallel safe
  return given ~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$'
         or lower(given) in ('nan', 'inf', '-inf', 'infinity', '-infinity');

-- Whether a value stands in this relation to the wanted one: = != < <= > >=, and ~ !~ with * for any text.
-- Numbers are compared as numbers if both are. NaN is equal to NaN, and neither less nor greater than
-- anything, so that a diverged run is never among the best. No value is unequal to every wanted one.
create function condition_holds(given text, op text, wanted text) returns boolean
  language sql immutable parallel safe
  return case
    when given is null then op in ('!=', '!~')
    when op in ('~', '!~') then
      (given like replace(replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'))
        = (op = '~')
    when is_number(given) and is_number(wanted) then
      case op
        when '=' then given::numeric = wanted::numeric
        when '!=' then given::numeric <> wanted::numeric
        else 'NaN' not in (given::numeric, wanted::numeric)
             and case op
                   when '<' then given::numeric < wanted::numeric
                   when '<=' then given::numeric <= wanted::numeric
                   when '>' then given::numeric > wanted::numeric
                   when '>=' then given::numeric >= wanted::numeric
                 end
      end
    else
      case op
        when '=' then given = wanted
        when '!=' then given <> wanted
        when '<' then given collate "C" < wanted
        when '<=' then given collate "C" <= wanted
        when '>' then given collate "C" > wanted
        when '>=' then given collate "C" >= wanted
      end
  end;

-- A value of a configuration as text: that of the key, or of the keys that dots separate.
create function config_value(config jsonb, key text) returns text
  language sql immutable parallel safe
  return coalesce(config ->> key, config #>> string_to_array(key, '.'));

grant select on metric_summary to tocsin_reader;
