-- Which ledgers (원장) are not what the lines of the journal add up to?
select coalesce(g.book, l.book) || ' ' || coalesce(g.account, l.account)
           || coalesce(' ptn:' || coalesce(g.partner_id, l.partner_id), '') || ' ' || coalesce(g.currency, l.currency)
           as id,
       format('%s: the ledger says debit %s, credit %s; the journal %s, %s', coalesce(g.period, l.period),
              coalesce(g.debit_minor::text, 'nothing'), coalesce(g.credit_minor::text, 'nothing'),
              coalesce(l.debit::text, 'nothing'), coalesce(l.credit::text, 'nothing')) as detail
  from ledgers g
  full join (select e.book, j.account, j.partner_id, j.currency, e.period,
                    coalesce(sum(j.amount_minor) filter (where j.side = 'debit'), 0) as debit,
                    coalesce(sum(j.amount_minor) filter (where j.side = 'credit'), 0) as credit
               from journal_lines j
               join journal_entries e on e.id = j.entry_id
              group by e.book, j.account, j.partner_id, j.currency, e.period) as l
    on l.book = g.book and l.account = g.account and l.currency = g.currency and l.period = g.period
   and coalesce(l.partner_id, '00000000-0000-0000-0000-000000000000')
       = coalesce(g.partner_id, '00000000-0000-0000-0000-000000000000')
 where g.debit_minor is distinct from l.debit
    or g.credit_minor is distinct from l.credit
