-- Takes tokens from an endpoint's bucket; it may owe some afterwards, and is not posted to before it has
-- one again. $1 endpoint_id, $2 how many. No columns.
update endpoints
   set tokens = endpoint_tokens(kind, tokens, tokens_at) - $2::bigint, tokens_at = now(),
       available = greatest(available,
                            now() + (1 + $2::bigint - endpoint_tokens(kind, tokens, tokens_at))
                                    / endpoint_rate(kind) * interval '1 s')
 where endpoint_id = $1::bigint;
