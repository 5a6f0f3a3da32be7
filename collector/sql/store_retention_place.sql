-- How far a round is. $1 round, $2 place, null: it is over; $3 then: seconds until the next one begins.
update retention_rounds
   set place = coalesce($2::bigint[], '{}'),
       due = case when $2 is null then now() + $3::bigint * interval '1 s' else due end
 where round = $1::text
