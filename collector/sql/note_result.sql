-- What an endpoint's latest answer means for the next post. $1 endpoint_id, $2 whether it failed, $3
-- ms to leave it alone. No columns.
update endpoints
   set failures = case when $2::boolean then failures + 1 else 0 end,
       available = greatest(available, now() + $3::bigint * interval '1 ms')
 where endpoint_id = $1::bigint;
