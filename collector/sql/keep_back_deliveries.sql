-- Takes out what people do not want to hear of: alerts under a silence, and those whose like somebody
-- has acknowledged. One table is read once and the rest by key, whatever the planner knows of it.
-- $1 endpoint_id. No columns.
update deliveries d
   set state = case when exists (
         select from alerts a
         join acks k on k.run_id = a.run_id
         join alerts x on x.run_id = k.run_id and x.alert_id = k.alert_id
          where a.run_id = d.run_id and a.alert_id = d.alert_id
            and x.level = a.level and x.title = a.title)
       then 'acknowledged' else 'silenced' end
 where d.endpoint_id = $1::bigint and d.state = 'waiting' and d.due <= now()
   and (exists (select from acks) and exists (
          select from alerts a
          join acks k on k.run_id = a.run_id
          join alerts x on x.run_id = k.run_id and x.alert_id = k.alert_id
           where a.run_id = d.run_id and a.alert_id = d.alert_id
             and x.level = a.level and x.title = a.title)
        or exists (select from silences where ends > now()) and exists (
          select from alerts a
          join runs r on r.run_id = a.run_id
          join silences s on now() between s.created and s.ends
                         and a.level <= s.max_level
                         and (s.project_id is null or s.project_id = r.project_id)
                         and (s.run_id is null or s.run_id = a.run_id)
                         and (s.title is null
                              or a.title like replace(replace(replace(replace(s.title,
                                   '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'))
           where a.run_id = d.run_id and a.alert_id = d.alert_id));
