-- Which months and books can't be right?
select e.book || ' ' || e.period as id, 'was posted to and is no period' as detail
  from (select distinct book, period from journal_entries) as e
 where not exists (select from periods p where p.book = e.book and p.period = e.period)
 union all
select p.book || ' ' || p.period, 'is open and was never posted to'
  from periods p
 where p.state = 'open'
   and not exists (select from journal_entries e where e.book = p.book and e.period = p.period)
 union all
select p.book || ' ' || p.period, format('is %s, but the book is closed through %s', p.state, b.closed_through)
  from periods p
  join books b on b.code = p.book
 where (p.state = 'closed') <> (p.period <= coalesce(b.closed_through, '-infinity'))
 union all
select b.code, format('is closed through %s, which is no closed period', b.closed_through)
  from books b
 where b.closed_through is not null
   and not exists (select from periods p
                    where p.book = b.code and p.period = b.closed_through and p.state = 'closed')
 union all
select p.book || ' ' || p.period, format('was closed by %s', p.closed_by)
  from periods p
 where p.closed_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
 union all
select 'main', 'the main books are missing' where not exists (select from books where code = 'main')
 union all
select code, 'has no name' from books where name_en = '' or name_ko = ''
