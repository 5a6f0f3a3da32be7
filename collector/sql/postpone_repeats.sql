-- Alerts like one that was sent a short while ago wait until repeat_s have passed. $1 endpoint_id. No
-- columns.
update deliveries d
   set due = (select m.created + e.repeat_s * interval '1 s' from messages m
               where m.message_id = (select max(s.message_id) from deliveries s
                                      where s.endpoint_id = d.endpoint_id
                                        and s.group_key = d.group_key))
  from endpoints e
 where e.endpoint_id = $1::bigint
   and d.endpoint_id = $1::bigint and d.state = 'waiting' and d.due <= now()
   and (select m.created from messages m
         where m.message_id = (select max(s.message_id) from deliveries s
                                where s.endpoint_id = d.endpoint_id
                                  and s.group_key = d.group_key))
       > now() - e.repeat_s * interval '1 s';
