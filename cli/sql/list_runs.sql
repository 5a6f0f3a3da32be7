-- Runs of a project that meet all conditions, oldest first, or sorted.
-- $1 text: project; $2 jsonb: conditions (runs_that_meet); $3 text[]: metrics whose values are wanted, those of
-- conditions and order among them; $4 text: how values of several ranks become one (across_ranks);
-- $5 integer: rank or null; $6 text: subject of the order, null: created; $7 text: its name;
-- $8 boolean: descending; $9 bigint: rows at most or null; without an order the newest are kept;
-- $10 bigint: only this run, or null; $11 boolean: with the configuration.
-- Columns: id, name, created_at, state, num_logs, last_step, alerts, group, world_size, ranks,
-- attempts, last_seen, pinned, config (null unless wanted), total (runs that meet the conditions), and for the metrics of $3 in their order
-- the arrays last, minimum, maximum.
with keyed as (
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
    from runs_that_meet($1, $2::jsonb, $3::text[], $4, $5::integer, $10::bigint) m),
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
       last_step, alerts, group_name as "group", world_size, ranks, attempts, last_seen,
       (select o.pinned from runs_overview o where o.run_id = placed.run_id) as pinned,
       case when $11::boolean then config end as config, total,
       array(select (numbers -> n ->> 0)::float8 from unnest($3) n) as last,
       array(select (numbers -> n ->> 1)::float8 from unnest($3) n) as minimum,
       array(select (numbers -> n ->> 2)::float8 from unnest($3) n) as maximum
  from placed
 order by case when $6 is null then -place else place end
