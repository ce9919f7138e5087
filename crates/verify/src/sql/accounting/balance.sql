-- Which entries do not balance in every currency, are not written whole, or are of no entry at all?
select 'jen:' || coalesce(l.entry_id, e.id) as id,
       concat_ws('; ',
           case when e.id is null then 'has lines and is no entry' end,
           case when l.entry_id is null then 'has no lines' end,
           case when l.lines < 2 then 'has less than two lines' end,
           case when l.first <> 1 or l.last <> l.lines then 'has lines that are not numbered from 1' end,
           l.unbalanced) as detail
  from journal_entries e
  full join (select entry_id, sum(lines) as lines, min(first) as first, max(last) as last,
                    string_agg(format('%s: debit %s, credit %s', currency, debit, credit), ', ' order by currency)
                        filter (where debit <> credit) as unbalanced
               from (select entry_id, currency, count(*) as lines, min(line_number) as first, max(line_number) as last,
                            coalesce(sum(amount_minor) filter (where side = 'debit'), 0) as debit,
                            coalesce(sum(amount_minor) filter (where side = 'credit'), 0) as credit
                       from journal_lines
                      group by entry_id, currency) as currencies
              group by entry_id) as l on l.entry_id = e.id
 where e.id is null
    or l.entry_id is null
    or l.lines < 2
    or l.first <> 1
    or l.last <> l.lines
    or l.unbalanced is not null
 union all
select 'jen:' || id, format('books a fact of %s, which is never booked', source_topic)
  from journal_entries
 where source_topic not in ('payment-completed', 'payment-refunded', 'dispute-changed', 'settlement-lines-priced',
                            'settlement-completed')
