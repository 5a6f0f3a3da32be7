-- A message, claimed by who makes it. $1 endpoint_id, $2 form, $3 alerts, $4 body, $5 claim, $6 ms that
-- the claim holds. Columns: message_id, webhook_id.
insert into messages (webhook_id, endpoint_id, form, alerts, body, claim, claimed_until)
values ('msg_' || replace(gen_random_uuid()::text, '-', ''), $1::bigint, $2::text, $3::bigint,
        $4::text, $5::uuid, now() + $6::bigint * interval '1 ms')
returning message_id, webhook_id;
