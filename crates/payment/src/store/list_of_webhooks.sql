-- Which webhooks of these connectors and in these states came, the newest first?
select w.connector as "connector!", w.event_id as "event_id!", w.state as "state!", w.problem as "problem?",
       w.attempts as "attempts!", w.received_at as "received_at!", w.due_at as "due_at?"
  from unnest($1::text[]) as c (connector)
 cross join unnest($2::text[]) as s (state)
 -- Of each no more than a page, along `webhooks_listed`: few in a state that many are not in are found as soon.
 cross join lateral (select k.connector, k.event_id, k.state, k.problem, k.attempts, k.received_at, k.due_at
                       from webhooks k
                      where k.connector = c.connector and k.state = s.state
                        and (k.received_at, k.event_id, k.connector)
                            < (coalesce($3::timestamptz, 'infinity'), coalesce($4::text, ''), coalesce($5::text, ''))
                      order by k.received_at desc, k.event_id desc
                      limit $6) as w
 order by w.received_at desc, w.event_id desc, w.connector desc
 limit $6
