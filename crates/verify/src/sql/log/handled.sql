-- What was the last event of each aggregate that was handled of a topic?
select aggregate, number
  from bus.handled
 where topic = ':topic'
 order by aggregate collate "C"
