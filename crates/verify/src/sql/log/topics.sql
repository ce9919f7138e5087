-- Which topics does this service's log know, and as what?
select 'published' as what, topic from bus.outbox group by topic
 union all
select 'position', topic from bus.positions
 union all
select 'handled', topic from bus.handled group by topic
 union all
select 'parked', topic from bus.parked group by topic
