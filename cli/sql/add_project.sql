-- A project, unless it is there. $1 name. Columns: name; no row: it was there.
insert into projects (name) values ($1::text) on conflict (name) do nothing returning name
