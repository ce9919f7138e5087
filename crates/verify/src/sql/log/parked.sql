-- Which events of a topic are put aside?
select aggregate, number, state, record ->> 'event_id' as event_id,
       record ->> 'topic' as record_topic, record ->> 'aggregate' as record_aggregate,
       (record ->> 'number')::bigint as record_number, (record -> 'payload')::text as payload
  from bus.parked
 where topic = ':topic'
 order by aggregate collate "C", number
