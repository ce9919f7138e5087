-- Which notifications can't be right?
select 'ntf:' || id as id, 'was read before it was written' as detail
  from notifications
 where read_at < created_at
