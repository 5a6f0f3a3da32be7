-- Whether a run is of a project, and is being deleted: from here to the end of the transaction nobody
-- can begin to. $1 run_id, $2 project_id. Columns: yes, deleting.
select project_id = $2::bigint, deleting is not null
  from runs
 where run_id = $1::bigint
   for key share;
