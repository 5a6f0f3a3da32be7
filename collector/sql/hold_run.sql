-- Keeps a run from being deleted until the transaction ends; what is being deleted already is left alone.
-- $1 run_id. Columns: run_id.
select run_id from runs where run_id = $1::bigint and deleting is null for key share;
