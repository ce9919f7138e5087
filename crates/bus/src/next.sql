-- Which are the oldest events that stand in no partition: ahead of the relay, or in a hole behind it? At most $4 of them,
-- and no more than $5 bytes, but at least one.
select position as "position!", topic as "topic!", aggregate as "aggregate!", number as "number!",
       event_id as "event_id!", payload::text as "payload!", trace_parent as "trace_parent!",
       occurred_at as "occurred_at!", found as "found!"
  from (select *, count(*) over () as found,
               sum(pg_column_size(payload)) over (order by position) - pg_column_size(payload) as before
          from ((select position, topic, aggregate, number, event_id, payload, trace_parent, occurred_at
                   from bus.outbox
                  where position > $1
                  order by position
                  limit $4)
                 union all
                (select filler.*
                   from unnest($2::bigint[], $3::bigint[]) as hole (first, last)
                  -- With a limit of its own, so that each hole is looked into by the key.
                  cross join lateral
                        (select position, topic, aggregate, number, event_id, payload, trace_parent, occurred_at
                           from bus.outbox
                          where position between hole.first and hole.last
                          order by position
                          limit $4) as filler
                  order by filler.position
                  limit $4)
                 order by position
                 limit $4) as oldest) as measured
 where before < $5
 order by position
