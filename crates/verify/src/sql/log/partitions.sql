-- Which partitions of a relay have gaps in their sequences, or end elsewhere than the relay noted?
select coalesce(o.topic, p.topic) as id,
       format('partition %s: %s events are numbered %s to %s, and the relay noted %s', coalesce(o.partition, p.partition),
              o.count, o.first, o.last, p.numbered) as detail
  from (select topic, partition, count(*) as count, min(sequence) as first, max(sequence) as last
          from bus.outbox
         where sequence is not null
         group by topic, partition) as o
  full join bus.partitions p on p.topic = o.topic and p.partition = o.partition
 where o.first is distinct from 1
    or o.last is distinct from o.count
    or p.numbered is distinct from o.last
