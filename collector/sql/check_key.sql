-- What a key may do now. $1 key_id, $2 project. Columns: may write at all, may write into it.
select revoked is null, projects is null or $2::text = any (projects)
  from keys
 where key_id = $1::bigint;
