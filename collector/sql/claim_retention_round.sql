-- The round that is due, and for which something is kept for a limited time; nobody else goes on with it until the
-- end of the transaction. No parameters. Columns: round, and the four numbers of its place.
select round, coalesce(place[1], -9223372036854775808), coalesce(place[2], -9223372036854775808),
       coalesce(place[3], -9223372036854775808), coalesce(place[4], -9223372036854775808)
  from retention_rounds
 where due <= now()
   and exists (select from retention
                where keep_s is not null
                  and case round when 'values' then kind in ('raw', 'rollups') else kind = 'alerts' end)
 order by due, round
 limit 1
   for update skip locked
