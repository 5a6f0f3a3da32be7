-- What is stored of a run that is imported, of one rank. Calls are counted in the blocks themselves,
-- which are exact at any time. A killed import may have begun a last call that it did not come to make:
-- one dropped call of an attempt is that one, and nothing is lost. $1 bigint: run; $2 integer: rank; $3 text: where in the run's configuration
-- an import leaves its notes. Columns: started_us (null: no attempt), producer (of the newest attempt,
-- hexadecimal), finished, alerts, calls, system_calls, lost, and of the notes, or null, known_calls,
-- known_hash, known_system_calls, known_system_hash.
with starts as (
  select started, attempt, ending, replace(producer_id::text, '-', '') as producer
    from attempts_overview
   where run_id = $1::bigint and rank = $2::integer),
stored as (
  select coalesce(sum(cardinality(steps)) filter (where kind = 'metric'), 0)::bigint as calls,
         coalesce(sum(cardinality(steps)) filter (where kind = 'system'), 0)::bigint as system_calls
    from metric_blocks
   where run_id = $1 and rank = $2 and position = 1),
notes as (
  select (select config -> $3::text from runs_overview where run_id = $1) as note)
select (select (extract(epoch from min(started)) * 1000000)::bigint from starts) as started_us,
       (select producer from starts order by attempt desc limit 1) as producer,
       coalesce((select ending = 'finished' from starts order by attempt desc limit 1), false)
         as finished,
       (select count(*) from alerts_feed where run_id = $1 and rank = $2) as alerts,
       calls, system_calls,
       (select coalesce(sum(quarantined + case when dropped > 1 then dropped else 0 end), 0)::bigint
          from producers_overview where run_id = $1 and rank = $2) as lost,
       note ->> 'calls' as known_calls, note ->> 'hash' as known_hash,
       note ->> 'system_calls' as known_system_calls, note ->> 'system_hash' as known_system_hash
  from stored, notes
