-- Which partitions of a relay have gaps in their sequences, or end elsewhere than the relay noted?
select coalesce(o.topic, p.topic) as id,
       format('partition %s: %s events are numbered %s to %s, and the relay noted %s', coalesce(o.partition, p.partition),
              o.count, o.first, o.last, p.numbered) as detail
  from (select topic, partition, sum(cardinality(positions)) as count, min(first) as first,
               max(first + cardinality(positions) - 1) as last, count(distinct first) as lists,
               count(*) filter (where first = before + 1) as following
          from (select *, lag(first + cardinality(positions) - 1, 1, 0::bigint)
                              over (partition by topic, partition order by first) as before
                  from bus.placements) as list
         group by topic, partition) as o
  full join bus.partitions p on p.topic = o.topic and p.partition = o.partition
 where o.following is distinct from o.lists
    or o.last is distinct from o.count
    or p.numbered is distinct from o.last
