-- Every key that may or might write. No parameters. Columns: key_id, public_key, revoked, binding (a
-- number that is another when the projects are others), points_per_s, series_per_min,
-- alerts_per_min (null: none).
select key_id, public_key, revoked is not null,
       coalesce(hashtextextended(to_json(projects)::text, 0), 0),
       points_per_s, series_per_min, alerts_per_min
  from keys;
