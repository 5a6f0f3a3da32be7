-- Endpoints that have something to send, and in how many ms the first of it may go; soonest first.
-- One message of an endpoint is under way at a time. $1 how many at most.
-- Columns: endpoint_id, wait_ms (negative: overdue).
select e.endpoint_id,
       ceil(extract(epoch from greatest(e.available, m.busy_until,
                                        case when e.enabled then least(d.due, m.due)
                                             else m.due end) - now()) * 1000)::bigint as wait_ms
  from endpoints e
  left join lateral (select min(due) as due from deliveries
                      where endpoint_id = e.endpoint_id and state = 'waiting') d on true
  left join lateral (select min(next_try) filter (where e.enabled or form = 'test') as due,
                            max(claimed_until) as busy_until
                       from messages
                      where endpoint_id = e.endpoint_id and state = 'waiting') m on true
 where e.removed is null and (m.due is not null or e.enabled and d.due is not null)
 order by wait_ms
 limit $1::bigint;
