-- Which events stand in the log in another order than their numbers say, come from a transaction that has not begun,
-- share their identity with another one, or have no well-formed aggregate or trace?
select o.aggregate as id,
       concat_ws('; ', format('%s %s', o.topic, o.number),
           case when o.position < o.before then 'stands before its predecessor' end,
           case when o.xid >= pg_snapshot_xmax(pg_current_snapshot()) then 'comes from a transaction to come' end,
           case when o.identity > 1 then 'has the identity of another event' end,
           case when o.aggregate !~ '^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$' then 'is of no aggregate' end,
           case when o.trace_parent !~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then 'has no trace' end) as detail
  from (select topic, aggregate, number, position, xid, trace_parent,
               lag(position) over (partition by topic, aggregate order by number) as before,
               count(*) over (partition by event_id) as identity
          from bus.outbox) as o
 where o.position < o.before
    or o.xid >= pg_snapshot_xmax(pg_current_snapshot())
    or o.identity > 1
    or o.aggregate !~ '^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    or o.trace_parent !~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
