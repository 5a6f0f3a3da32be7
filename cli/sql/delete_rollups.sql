-- sql/delete_rollups.sql
-- Some roll-ups of a run that is being deleted. As delete_blocks.sql: $1 run_id, $2 how many, $3 to $5 the place.
-- Columns: how many were found (0: none is left from there on), the place to go on from.
with found as materialized (
  select ctid, keyset_id, level, rank
    from rollups
   where run_id = $1::bigint
     and (keyset_id, level, rank) >= ($3::bigint, $4::bigint, $5::bigint)
   order by keyset_id, level, rank
   limit $2::bigint),
gone as (
  delete from rollups where run_id = $1::bigint and ctid = any (array(select ctid from found)))
select count(*) over (), keyset_id, level, rank
  from found
 order by keyset_id desc, level desc, rank desc
 limit 1
