-- What a key may do now. A project that was renamed answers to all its names. $1 key_id, $2 project.
-- Columns: may write at all, may write into it.
select revoked is null,
       projects is null or $2::text = any (projects)
         or exists (select from project_names asked
                      join project_names other using (project_id)
                     where asked.name = $2::text and other.name = any (projects))
  from keys
 where key_id = $1::bigint;
