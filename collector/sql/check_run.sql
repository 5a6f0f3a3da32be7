-- Whether a run is of a project. $1 run_id, $2 project_id. Columns: yes.
select project_id = $2::bigint from runs where run_id = $1::bigint;
