-- Which events did a relay put into two places, into another topic's partition, or past its own frontier; which places
-- have no event; and which events did it pass by, and put into no partition?
select coalesce(o.aggregate, placed.topic, 'position ' || coalesce(o.position, placed.position)) as id,
       concat_ws('; ', 'position ' || coalesce(o.position, placed.position),
           case when placed.count > 1 then format('has %s places', placed.count) end,
           case when placed.count > 0 and o.position is null then 'has a place, and no event' end,
           case when placed.topic <> o.topic then format('is of %s, and placed in %s', o.topic, placed.topic) end,
           case when placed.position > f.taken_to then 'lies past the frontier, and has a place' end,
           case when placed.position is null then 'lies before the frontier, and has no place' end) as detail
  from bus.frontier f
  cross join bus.outbox o
  full join (select position, min(topic) as topic, count(*) as count
               from bus.placements, unnest(positions) as position
              group by position) as placed
    on placed.position = o.position
 where placed.count > 1
    or o.position is null
    or placed.topic <> o.topic
    or placed.position > f.taken_to
    or placed.position is null and o.position <= f.taken_to
       and not exists (select from bus.holes h where o.position between h.first and h.last)
