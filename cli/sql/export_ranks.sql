-- The ranks of a run. $1 bigint: run; $2 integer: only this rank, or null. Column: rank.
select rank::text
  from attempts_overview
 where run_id = $1::bigint and ($2::integer is null or rank = $2)
 group by rank
 order by attempts_overview.rank
