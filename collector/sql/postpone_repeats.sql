-- Alerts like one that was sent a short while ago wait until repeat_s have passed. $1 endpoint_id. No
-- columns.
update deliveries d
   set due = latest.until
  from (select w.group_key, m.created + e.repeat_s * interval '1 s' as until
          from (select distinct group_key from deliveries
                 where endpoint_id = $1::bigint and state = 'waiting' and due <= now()) w
          join endpoints e on e.endpoint_id = $1::bigint
          join lateral (select message_id from deliveries s
                         where s.endpoint_id = e.endpoint_id and s.group_key = w.group_key
                           and s.message_id is not null
                         order by s.message_id desc limit 1) s on true
          join messages m on m.message_id = s.message_id) latest
 where d.endpoint_id = $1::bigint and d.state = 'waiting' and d.group_key = latest.group_key
   and latest.until > now() and d.due < latest.until;
