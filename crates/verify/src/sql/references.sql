-- Which columns refer to which others?
select c.conname::text as name,
       c.conrelid::regclass::text as child,
       c.confrelid::regclass::text as parent,
       string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ' order by k.place) as matches,
       string_agg(format('c.%I is not null', ca.attname), ' and ' order by k.place) as given,
       string_agg(format('c.%I::text', ca.attname), ' || '' '' || ' order by k.place) as shown
  from pg_constraint c
 cross join lateral unnest(c.conkey, c.confkey) with ordinality as k (child, parent, place)
  join pg_attribute ca on ca.attrelid = c.conrelid and ca.attnum = k.child
  join pg_attribute pa on pa.attrelid = c.confrelid and pa.attnum = k.parent
 where c.contype = 'f'
 group by c.oid, c.conname, c.conrelid, c.confrelid
 order by c.conname
