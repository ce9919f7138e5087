-- Which number does each new event get, after the last one of its topic and aggregate?
insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
select fresh.topic,
       fresh.aggregate,
       coalesce(last.number, 0)
           + row_number() over (partition by fresh.topic, fresh.aggregate order by fresh.place),
       fresh.payload::jsonb,
       fresh.trace_parent,
       fresh.occurred_at
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
       as fresh (topic, aggregate, payload, trace_parent, occurred_at, place)
  left join lateral (select o.number
                       from bus.outbox o
                      where o.topic = fresh.topic and o.aggregate = fresh.aggregate
                      order by o.number desc
                      limit 1) as last on true
 order by fresh.place
