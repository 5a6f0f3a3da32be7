-- Adds a key, or gives the key of that name what is said here; another public key only on demand.
-- $1 name, $2 public_key, $3 projects (text[]) or null, $4 points_per_s or null, $5 series_per_min
-- or null, $6 alerts_per_min or null, $7 whether a public key may be replaced.
-- Columns: key_id; no row: the name has another public key.
insert into keys (name, public_key, projects, points_per_s, series_per_min, alerts_per_min)
values ($1::text, $2::text, $3::text[], $4::bigint, $5::bigint, $6::bigint)
on conflict (name) do update
   set public_key = excluded.public_key, projects = excluded.projects,
       points_per_s = excluded.points_per_s, series_per_min = excluded.series_per_min,
       alerts_per_min = excluded.alerts_per_min, revoked = null
 where keys.public_key = excluded.public_key or $7::boolean
returning key_id
