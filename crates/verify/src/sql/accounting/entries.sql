-- How was each fact of a topic booked?
select e.source_aggregate,
       string_agg(format('%s|posted_on=%s occurred_at=%s book=%s break=%s %s', e.source_number, e.posted_on,
                         (extract(epoch from e.occurred_at) * 1000000)::bigint, e.book,
                         (select string_agg(format('%s/%s/%s/%s%s', b.payment_id, b.kind, b.amount_minor, b.currency,
                                                   b.of_dispute), ' ')
                            from (select entry_id, payment_id, kind, amount_minor, currency,
                                         (select string_agg(format('/%s/%s', d.dispute_id, d.version), '')
                                            from dispute_breaks d
                                           where d.entry_id = breaks.entry_id) as of_dispute
                                    from breaks
                                   union all
                                  select entry_id, payment_id, 'repaid', amount_minor, currency, null
                                    from break_repayments) as b
                           where b.entry_id = e.id),
                         l.all_of_them),
                  E'\n' order by e.source_number, e.book)
  from journal_entries e
  left join (select entry_id, string_agg(line, ' ' order by line collate "C") as all_of_them
               from (select entry_id,
                            format('%s/%s/%s/%s/%s', account, coalesce(partner_id::text, '-'), side, amount_minor,
                                   currency) as line
                       from journal_lines) as texts
              group by entry_id) as l on l.entry_id = e.id
 where e.source_topic = ':topic'
 group by e.source_aggregate
 order by e.source_aggregate
