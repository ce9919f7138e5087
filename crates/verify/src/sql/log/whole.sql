-- Which events stand in the log in another order than their numbers say, come from a transaction that has not begun,
-- or have no well-formed aggregate or trace? (Without regular expressions, which would cost most of the time.)
select aggregate as id,
       concat_ws('; ', format('%s %s', topic, number),
           case when position < before then 'stands before its predecessor' end,
           case when xid >= pg_snapshot_xmax(pg_current_snapshot()) then 'comes from a transaction to come' end,
           case when not is_named then 'is of no aggregate' end,
           case when not is_traced then 'has no trace' end) as detail
  from (select topic, aggregate, number, position, xid,
               case when number > 1 then lag(position) over (partition by topic, aggregate order by number) end
                   as before,
               length(aggregate) = 30 and substr(aggregate, 4, 1) = '_'
                   and translate(substr(aggregate, 5), '0123456789abcdefghjkmnpqrstvwxyz', '') = '' as is_named,
               length(trace_parent) = 55 and trace_parent like '00-%-%-0_'
                   and translate(trace_parent, '0123456789abcdef', '') = '---' as is_traced
          from bus.outbox) as o
 where position < before
    or xid >= pg_snapshot_xmax(pg_current_snapshot())
    or not is_named
    or not is_traced
