-- Keeps a config that is not JSON as text, so that it can be seen and corrected.
-- $1 run_id, $2 config as text, $3 how, as merge_config has it. No columns.
update runs
   set config = config || jsonb_build_object('_invalid_config', $2::text)
 where run_id = $1::bigint and ($3::bigint <> 1 or config = '{}');
