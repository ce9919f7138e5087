-- What was published on a topic, by aggregate and number?
select aggregate, number, event_id, xid::text as xid, position, partition, sequence, occurred_at, payload::text as payload
  from bus.outbox
 where topic = ':topic'
 order by aggregate, number
