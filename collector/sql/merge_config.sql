-- Merges a JSON object into a run's config; what is not an object is kept under a name of its own.
-- $1 run_id, $2 config as text, $3 how: 0 the new wins, 1 only if the run has none yet, 2 what is there
-- wins. No columns.
update runs
   set config = case $3::bigint when 2 then new.config || runs.config
                                else runs.config || new.config end
  from (select case jsonb_typeof($2::text::jsonb)
                 when 'object' then $2::text::jsonb
                 else jsonb_build_object('_invalid_config', $2::text)
               end as config) new
 where run_id = $1::bigint and ($3::bigint <> 1 or runs.config = '{}');
