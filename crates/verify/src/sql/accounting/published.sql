-- What does each entry say?
select e.id::text,
       format('book=%s kind=%s source=%s posted_on=%s recorded_at=%s %s', e.book, e.source_topic, e.source_aggregate,
              e.posted_on, (extract(epoch from e.recorded_at) * 1000000)::bigint, coalesce(l.all_of_them, ''))
  from journal_entries e
  left join (select entry_id,
                    string_agg(format('%s/%s/%s/%s/%s', account, coalesce(partner_id::text, '-'), side, amount_minor,
                                      currency),
                               ' ' order by line_number) as all_of_them
               from journal_lines
              group by entry_id) as l on l.entry_id = e.id
 order by e.id
