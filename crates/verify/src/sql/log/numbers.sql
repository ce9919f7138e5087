-- Which aggregates have gaps in the numbers of their events?
select aggregate as id,
       format('%s: %s events are numbered %s to %s', topic, count(*), min(number), max(number)) as detail
  from bus.outbox
 group by topic, aggregate
having min(number) <> 1 or max(number) <> count(*)
