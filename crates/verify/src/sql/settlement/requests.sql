-- Which windows were asked to be settled?
select id::text, format('requested_at=%s', (extract(epoch from requested_at) * 1000000)::bigint)
  from windows
 where requested_at is not null
 order by id
