-- sql/rename_project.sql
-- Gives a project another name. The former one leads to it, unless it is set free; keys that are bound to it
-- stay so. $1 project_id, $2 name, $3 former name, $4 whether that is set free. Columns: taken_from (the
-- project whose former name $2 was until now; null: nobody's); no row: it is being deleted. SQLSTATE
-- 23505: there is a project of that name.
with renamed as (
  update projects set name = $2::text
   where project_id = $1::bigint and deleting is null
  returning project_id),
taken as (
  delete from project_aliases a
   using projects p
   where a.name = $2::text and p.project_id = a.project_id and exists (select from renamed)
  returning p.project_id, p.name),
kept as (
  insert into project_aliases (name, project_id)
  select $3::text, project_id from renamed where not $4::boolean
  on conflict (name) do update set project_id = excluded.project_id, created = excluded.created),
bound as (
  update keys
     set projects = case when $4::boolean then array_remove(projects, $2::text) || $2::text
                         else array_replace(array_remove(projects, $2::text), $3::text, $2::text) end
   where $3::text = any (projects) and exists (select from renamed))
select (select name from taken where project_id <> $1::bigint) as taken_from
  from renamed
