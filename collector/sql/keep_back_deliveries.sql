-- Takes out what people do not want to hear of: alerts under a silence, and those whose like somebody
-- has acknowledged. $1 endpoint_id. No columns.
with kept as (
  select d.run_id, d.alert_id,
         exists (
           select from acks k
           join alerts x on x.run_id = k.run_id and x.alert_id = k.alert_id
            where k.run_id = a.run_id and x.level = a.level and x.title = a.title) as acknowledged,
         exists (
           select from silences s
           join runs r on r.run_id = a.run_id
            where now() between s.created and s.ends
              and a.level <= s.max_level
              and (s.project_id is null or s.project_id = r.project_id)
              and (s.run_id is null or s.run_id = a.run_id)
              and (s.title is null
                   or a.title like replace(replace(replace(replace(s.title, '\', '\\'),
                                                           '%', '\%'), '_', '\_'), '*', '%')))
           as silenced
    from deliveries d
    join alerts a on a.run_id = d.run_id and a.alert_id = d.alert_id
   where d.endpoint_id = $1::bigint and d.state = 'waiting'
     and (exists (select from acks) or exists (select from silences where ends > now())))
update deliveries d
   set state = case when kept.acknowledged then 'acknowledged' else 'silenced' end
  from kept
 where d.run_id = kept.run_id and d.alert_id = kept.alert_id and d.endpoint_id = $1::bigint
   and (kept.acknowledged or kept.silenced);
