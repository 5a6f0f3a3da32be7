-- sql/delete_blocks.sql
-- Some blocks of a run that is being deleted, in the order of their index from a place on: behind it, rows
-- that are gone and not yet vacuumed would be met again by every statement. $1 run_id, $2 how many, $3 to
-- $5 the place. Columns: how many were found (0: none is left from there on), the place to go on from.
with found as materialized (
  select ctid, keyset_id, rank, first_step
    from blocks
   where run_id = $1::bigint
     and (keyset_id, rank, first_step) >= ($3::bigint, $4::bigint, $5::bigint)
   order by keyset_id, rank, first_step
   limit $2::bigint),
gone as (
  delete from blocks where run_id = $1::bigint and ctid = any (array(select ctid from found)))
select count(*) over (), keyset_id, rank, first_step
  from found
 order by keyset_id desc, rank desc, first_step desc
 limit 1
