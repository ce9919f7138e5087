-- Where in the log does each event of a topic stand?
select aggregate, number, xid::text as xid, position, partition, sequence, event_id::text as event_id
  from bus.outbox
 where topic = ':topic'
 order by aggregate collate "C", number
