-- Which events share their identity?
select min(aggregate) || ' ' || max(aggregate) as id, format('%s events are %s', count(*), event_id) as detail
  from bus.outbox
 group by event_id
having count(*) > 1
