-- All keys, revoked ones last. Columns: name, projects as JSON or null, quotas, revoked, created,
-- public_key.
select name, to_json(projects) as projects, points_per_s, series_per_min, alerts_per_min, revoked,
       created, public_key
  from keys_overview
 order by revoked is not null, name collate "C"
