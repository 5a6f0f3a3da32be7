-- Series whose small blocks are worth joining: those with enough calls that are not rolled, and those that got
-- nothing for a while, which are joined to their end. Ended ones first, then those with the most to do.
-- $1 calls that are enough, $2 quiet seconds, $3 the same after the rank's end, $4 how many at most.
-- Columns: run_id, keyset_id, rank, attempt, columns, quiet, backlog (calls of all these series).
select run_id, keyset_id, rank, attempt, columns, quiet, (sum(calls) over ())::bigint as backlog
  from (select t.run_id, t.keyset_id, t.rank, t.attempt, cardinality(t.last) as columns,
               t.calls - coalesce(c.calls, 0) as calls, a.ended is not null as ended,
               coalesce(p.updated < now() - case when a.ended is null then $2::bigint else $3::bigint end
                                            * interval '1 second', true) as quiet
          from run_state t
          join runs r on r.run_id = t.run_id and r.deleting is null
          left join compacted c on c.run_id = t.run_id and c.keyset_id = t.keyset_id and c.rank = t.rank
                               and c.attempt = t.attempt
          left join attempts a on a.run_id = t.run_id and a.rank = t.rank and a.attempt = t.attempt
          left join producers p on p.run_id = a.run_id and p.producer_id = a.producer_id and p.lane = 1
         where t.calls > coalesce(c.calls, 0)) s
 where calls >= $1::bigint or quiet
 order by ended desc, calls desc
 limit $4::bigint;
