-- An endpoint for all projects, as the configuration names it: $1 URL, $2 minimum level. No columns.
insert into endpoints (origin, kind, url, url_hash, shown, min_level)
values ('settings', endpoint_kind($1::text), $1::text, sha256(convert_to($1::text, 'UTF8')),
        endpoint_shown($1::text), $2::bigint)
on conflict (project_id, url_hash) where removed is null do update set min_level = excluded.min_level;
