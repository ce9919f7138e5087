-- Where in the log does each event of a topic stand?
select o.aggregate, o.number, o.xid::text as xid, o.position, p.partition, p.sequence, o.event_id::text as event_id
  from bus.outbox o
  left join (select topic, partition, first + place - 1 as sequence, position
               from bus.placements, unnest(positions) with ordinality as placed (position, place)) as p
    on p.topic = o.topic and p.position = o.position
 where o.topic = ':topic'
 order by o.aggregate collate "C", o.number
