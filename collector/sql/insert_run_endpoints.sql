-- Makes endpoints of the URLs that came with alerts, where the project has none for them, up to 64
-- of each project. Arrays: $1 run_id, $2 URL. No columns.
insert into endpoints (project_id, origin, kind, url, url_hash, shown)
select distinct r.project_id, 'run', endpoint_kind(g.url), g.url,
       sha256(convert_to(g.url, 'UTF8')) as hash, endpoint_shown(g.url)
  from unnest($1::bigint[], $2::text[]) as g(run_id, url)
  join runs r using (run_id)
 where not exists (select from endpoints e
                    where e.url_hash = sha256(convert_to(g.url, 'UTF8')) and e.removed is null
                      and (e.project_id is null or e.project_id = r.project_id))
   and (select count(*) from endpoints e
         where e.project_id = r.project_id and e.origin = 'run' and e.removed is null) < 64
 order by hash
on conflict (project_id, url_hash) where removed is null do nothing;
