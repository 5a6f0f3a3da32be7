-- The attempt of a producer that has said hello before.
-- $1 producer_id. Columns: run_id, rank, attempt, last_seq of events, last_seq of metrics, key_id
-- (null: none), project, whether the run is being deleted.
select a.run_id, a.rank, a.attempt,
       coalesce((select p.last_seq from producers p
                  where p.run_id = a.run_id and p.producer_id = a.producer_id and p.lane = 0), 0),
       coalesce((select p.last_seq from producers p
                  where p.run_id = a.run_id and p.producer_id = a.producer_id and p.lane = 1), 0),
       a.key_id,
       (select p.name from projects p join runs r using (project_id) where r.run_id = a.run_id),
       (select r.deleting is not null from runs r where r.run_id = a.run_id)
  from attempts a
 where a.producer_id = $1::uuid;
