-- An endpoint, or, where this URL is one of that scope already, its settings anew; one that came with an
-- alert becomes everybody's. $1 project or null (all), $2 URL, $3 kind or null (from the URL), $4 minimum
-- level, $5 seconds between identical alerts, $6 a new signing secret.
-- Columns: endpoint_id, url (as it may be shown), kind, made, secret (null unless it is $6).
insert into endpoints (project_id, origin, kind, url, url_hash, shown, min_level, repeat_s, secret)
select p.project_id, 'command', k.kind, $2::text, sha256(convert_to($2::text, 'UTF8')),
       endpoint_shown($2::text), array_position(array['info', 'warn', 'error'], $4::text) - 1,
       $5::integer, case when k.kind = 'generic' then $6::text end
  from (select coalesce($3::text, endpoint_kind($2::text)) as kind) k
  left join project_names p on p.name = $1::text
on conflict (project_id, url_hash) where removed is null do update
   set origin = excluded.origin, kind = excluded.kind, min_level = excluded.min_level,
       repeat_s = excluded.repeat_s, enabled = true, why_disabled = null, failures = 0,
       available = excluded.available,
       secret = case when excluded.kind = 'generic'
                     then coalesce(endpoints.secret, excluded.secret) end
returning endpoint_id::text, shown as url, kind, created = now() as made,
          case when secret = $6::text then secret end as secret
