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

-- An operator without its negation.
create function affirmed(op text) returns text
  language sql immutable parallel safe
  return replace(replace(op, '!=', '='), '!~', '~');

-- The runs of a project that meet all conditions: [{"subject", "name", "op", "value"}], where subject is state,
-- group, name, user, host, tag (in config.tags), step (the last one), silent (seconds without a word, of
-- running ones), alert (of that level), config (its key is name), metric, min or max (the metric is name).
-- metrics: names whose values are wanted, those of the conditions among them: numbers is {name: [latest value,
-- minimum, maximum]}. agg: how the latest values of several ranks become one (across_ranks). rank, run: only
-- this one, or null.
create function runs_that_meet(p_project text, p_conditions jsonb, p_metrics text[], p_agg text,
                               p_rank integer, p_run bigint)
  returns table (project text, run text, run_id bigint, group_name text, username text, config jsonb,
                 created timestamptz, last_seen timestamptz, state text, world_size integer, ranks bigint,
                 attempts integer, calls bigint, last_step bigint, alerts bigint, numbers jsonb)
  language sql stable as $$
with conditions as materialized (
  select c ->> 'subject' as subject, c ->> 'name' as name, c ->> 'op' as op, c ->> 'value' as value
    from jsonb_array_elements(p_conditions) c),
-- {name: [last, minimum, maximum]} of each run
numbers as materialized (
  select run_id, jsonb_object_agg(name, jsonb_build_array(last, minimum, maximum)) as of
    from (select run_id, name, min(minimum) as minimum,
                 coalesce(max(nullif(maximum, 'NaN')), max(maximum)) as maximum,
                 case count(*) when 1 then min(last) else across_ranks(p_agg, array_agg(last)) end as last
            from metric_summary
           where project = p_project and kind = 'metric' and name = any (p_metrics)
             and (p_rank is null or rank = p_rank)
             and (p_run is null or run_id = p_run)
           group by run_id, name) m
   group by run_id)
select r.project, r.run, r.run_id, r.group_name, r.username, r.config, r.created, r.last_seen, r.state,
       r.world_size, r.ranks, r.attempts, r.calls, r.last_step, r.alerts, coalesce(n.of, '{}') as numbers
  from runs_overview r left join numbers n using (run_id)
 where project = p_project
   and (p_run is null or r.run_id = p_run)
   and not exists (
     select from conditions c
      where not coalesce(
        case c.subject
          when 'state' then condition_holds(r.state, c.op, c.value)
          when 'group' then condition_holds(r.group_name, c.op, c.value)
          when 'name' then condition_holds(r.run, c.op, c.value)
          when 'user' then condition_holds(r.username, c.op, c.value)
          when 'step' then condition_holds(r.last_step::text, c.op, c.value)
          when 'silent' then r.state = 'running'
            and condition_holds(extract(epoch from now() - r.last_seen)::text, c.op, c.value)
          when 'config' then condition_holds(config_value(r.config, c.name), c.op, c.value)
          when 'metric' then condition_holds(n.of -> c.name ->> 0, c.op, c.value)
          when 'min' then condition_holds(n.of -> c.name ->> 1, c.op, c.value)
          when 'max' then condition_holds(n.of -> c.name ->> 2, c.op, c.value)
          -- one of several is enough; for != and !~ none may be so
          when 'host' then c.op like '!%' <> exists (
            select from attempts_overview a
             where a.run_id = r.run_id and condition_holds(a.host, affirmed(c.op), c.value))
          when 'tag' then c.op like '!%' <> exists (
            select from jsonb_array_elements_text(
                          case jsonb_typeof(r.config -> 'tags')
                            when 'array' then r.config -> 'tags'
                            when 'string' then jsonb_build_array(r.config -> 'tags')
                            else '[]'
                          end) tag
             where condition_holds(tag, affirmed(c.op), c.value))
          when 'alert' then exists (
            select from alerts_feed f
             where f.run_id = r.run_id
               and condition_holds(f.level_number::text, c.op,
                                   array_position(array['info', 'warn', 'error'], c.value) - 1 || ''))
        end, false))
$$;

grant select on metric_summary to tocsin_reader;
