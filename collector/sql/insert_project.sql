-- A project, unless it is there. $1 name. No columns.
insert into projects (name) values ($1::text) on conflict (name) do nothing;
