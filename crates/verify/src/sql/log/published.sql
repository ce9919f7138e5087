-- What was published on a topic, by aggregate and number?
select o.aggregate, o.number, o.event_id, o.xid::text as xid, o.position, p.partition, p.sequence, o.occurred_at,
       o.payload::text as payload
  from bus.outbox o
  left join (select topic, partition, first + place - 1 as sequence, position
               from bus.placements, unnest(positions) with ordinality as placed (position, place)) as p
    on p.topic = o.topic and p.position = o.position
 where o.topic = ':topic'
 order by o.aggregate, o.number
