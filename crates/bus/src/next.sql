-- Which are the oldest events that stand in no partition: ahead of the relay, or in a hole behind it?
(select position as "position!", topic as "topic!", aggregate as "aggregate!", number as "number!",
        event_id as "event_id!", payload::text as "payload!", trace_parent as "trace_parent!",
        occurred_at as "occurred_at!"
   from bus.outbox
  where position > $1
  order by position
  limit $4)
 union all
(select o.position, o.topic, o.aggregate, o.number, o.event_id, o.payload::text, o.trace_parent, o.occurred_at
   from unnest($2::bigint[], $3::bigint[]) as hole (first, last)
   join bus.outbox o on o.position between hole.first and hole.last
  order by o.position
  limit $4)
 order by 1
 limit $4
