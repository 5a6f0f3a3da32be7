-- Runs of a project that meet all conditions, oldest first, or sorted.
-- $1 text: project; $2 jsonb: conditions (cond.h); $3 text[]: metrics whose values are wanted, those of
-- conditions and order among them; $4 text: how values of several ranks become one (across_ranks);
-- $5 integer: rank or null; $6 text: subject of the order, null: created; $7 text: its name;
-- $8 boolean: descending; $9 bigint: rows at most or null; without an order the newest are kept;
-- $10 bigint: only this run, or null.
-- Columns: id, name, created_at, state, num_logs, last_step, alerts, group, world_size, ranks,
-- attempts, last_seen, total (runs that meet the conditions), and for the metrics of $3 in their order
-- the arrays last, minimum, maximum.
with conditions as materialized (
  select c ->> 'subject' as subject, c ->> 'name' as name, c ->> 'op' as op, c ->> 'value' as value
    from jsonb_array_elements($2::jsonb) c),
-- {name: [last, minimum, maximum]} of each run
numbers as materialized (
  select run_id, jsonb_object_agg(name, jsonb_build_array(last, minimum, maximum)) as of
    from (select run_id, name, min(minimum) as minimum,
                 coalesce(max(nullif(maximum, 'NaN')), max(maximum)) as maximum,
                 case count(*) when 1 then min(last) else across_ranks($4, array_agg(last)) end as last
            from metric_summary
           where project = $1 and kind = 'metric' and name = any ($3::text[])
             and ($5::integer is null or rank = $5)
             and ($10::bigint is null or run_id = $10)
           group by run_id, name) m
   group by run_id),
met as (
  select r.*, coalesce(n.of, '{}') as numbers
    from runs_overview r left join numbers n using (run_id)
   where project = $1
     and ($10::bigint is null or r.run_id = $10)
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
               where a.run_id = r.run_id and condition_holds(a.host, replace(replace(c.op, '!=', '='), '!', ''), c.value))
            when 'tag' then c.op like '!%' <> exists (
              select from jsonb_array_elements_text(
                            case jsonb_typeof(r.config -> 'tags')
                              when 'array' then r.config -> 'tags'
                              when 'string' then jsonb_build_array(r.config -> 'tags')
                              else '[]'
                            end) tag
               where condition_holds(tag, replace(replace(c.op, '!=', '='), '!', ''), c.value))
            when 'alert' then exists (
              select from alerts_feed f
               where f.run_id = r.run_id
                 and condition_holds(f.level_number::text, c.op,
                                     array_position(array['info', 'warn', 'error'], c.value) - 1 || ''))
          end, false))),
keyed as (
  select m.*,
         case $6::text
           when 'name' then run
           when 'state' then state
           when 'group' then group_name
           when 'user' then username
           when 'step' then last_step::text
           when 'silent' then extract(epoch from now() - last_seen)::text
           when 'alert' then alerts::text
           when 'config' then config_value(config, $7)
           when 'metric' then numbers -> $7::text ->> 0
           when 'min' then numbers -> $7 ->> 1
           when 'max' then numbers -> $7 ->> 2
           when 'created' then extract(epoch from created)::text
         end as key,
         count(*) over () as total
    from met m),
placed as (
  select k.*, row_number() over (order by
           case when not $8::boolean then number end nulls last,
           case when $8 then number end desc nulls last,
           case when not $8 then key end nulls last,
           case when $8 then key end desc nulls last,
           created desc, run_id desc) as place
    from (select *, case when is_number(key) then nullif(key::numeric, 'NaN') end as number
            from keyed) k
   order by place
   limit $9::bigint)
select run_id::text as id, run as name, created as created_at, state, coalesce(calls, 0) as num_logs,
       last_step, alerts, group_name as "group", world_size, ranks, attempts, last_seen, total,
       array(select (numbers -> n ->> 0)::float8 from unnest($3) n) as last,
       array(select (numbers -> n ->> 1)::float8 from unnest($3) n) as minimum,
       array(select (numbers -> n ->> 2)::float8 from unnest($3) n) as maximum
  from placed
 order by case when $6 is null then -place else place end
