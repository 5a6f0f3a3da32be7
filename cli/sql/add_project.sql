-- A project, unless it is there, also under another name now. $1 name. Columns: name; no row: it was there.
insert into projects (name)
select $1::text where not exists (select from project_names where name = $1::text)
on conflict (name) do nothing
returning name
