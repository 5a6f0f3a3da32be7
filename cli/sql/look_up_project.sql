-- sql/look_up_project.sql
-- A project by its own name, whether it has runs or not. $1 name. Columns: id, endpoints, messages (to
-- these that wait); no row: there is none.
select p.project_id::text as id,
       (select count(*) from endpoints e where e.project_id = p.project_id and e.removed is null)
         as endpoints,
       (select count(*) from messages m join endpoints e using (endpoint_id)
         where e.project_id = p.project_id and m.state = 'waiting') as messages
  from projects p
 where p.name = $1::text
