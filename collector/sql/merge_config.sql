-- Merges a JSON object into a run's config; what is not an object is kept under a name of its own.
-- $1 run_id, $2 config as text, $3 only if the run has none yet. No columns.
update runs
   set config = config || case jsonb_typeof($2::text::jsonb)
                            when 'object' then $2::text::jsonb
                            else jsonb_build_object('_invalid_config', $2::text)
                          end
 where run_id = $1::bigint and (not $3::boolean or config = '{}');
