-- sql/delete_messages.sql
-- Some messages to endpoints of a project whose runs are gone. $1 project_id, $2 how many. Columns: how
-- many were found; 0: none is left.
with found as materialized (
  select message_id
    from messages
   where endpoint_id in (select endpoint_id from endpoints where project_id = $1::bigint)
   limit $2::bigint),
gone as (
  delete from messages where message_id in (select message_id from found))
select count(*) from found
