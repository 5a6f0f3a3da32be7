-- 0010_parts_of_a_start: starts of one rank at the same microsecond are parts of one, as when an import was
-- killed and continued: neither hides steps of the other. Until now the higher number hid the lower.

-- superseded_from: the first step at which a later start of the same rank logged this name again.
create or replace view metric_blocks as
  select p.name as project, r.name as run, r.run_id, b.rank, b.attempt, s.kind, s.name,
         b.keyset_id, s.position, b.first_step, b.last_step, b.steps, b.times,
         b.values[(s.position - 1) * cardinality(b.steps) + 1 : s.position * cardinality(b.steps)]
           as values,
         later.first_step as superseded_from
    from projects p
    join runs r using (project_id)
    join series s using (run_id)
    join blocks b on b.run_id = s.run_id and b.keyset_id = s.keyset_id
    left join lateral (
      select min(t.first_step) as first_step
        from series n
        join run_state t on t.run_id = n.run_id and t.keyset_id = n.keyset_id
        join attempts theirs on theirs.run_id = t.run_id and theirs.rank = t.rank
                            and theirs.attempt = t.attempt
        join attempts ours on ours.run_id = b.run_id and ours.rank = b.rank
                          and ours.attempt = b.attempt
       where n.run_id = b.run_id and n.name = s.name and n.kind = s.kind
         and t.rank = b.rank and t.attempt <> b.attempt
         and theirs.started > ours.started) later on true;
