-- In which currency is what lies in suspense not what the open breaks say?
select coalesce(b.kind, l.kind) || ' ' || coalesce(b.currency, l.currency) as id,
       format('open breaks add up to %s, suspense holds %s', coalesce(b.amount, 0), coalesce(l.amount, 0)) as detail
  from (select kind, currency, sum(amount_minor) as amount from breaks where state = 'open' group by kind, currency) as b
  full join (select case account when 'suspense_over' then 'over' else 'short' end as kind, currency,
                    sum(case account when 'suspense_over' then credit_minor - debit_minor
                                     else debit_minor - credit_minor end) as amount
               from ledgers
              where account in ('suspense_over', 'suspense_short')
              group by account, currency) as l on l.kind = b.kind and l.currency = b.currency
 where coalesce(b.amount, 0) <> coalesce(l.amount, 0)
 union all
select 'jen:' || b.entry_id, 'was found before its entry was written'
  from breaks b
  join journal_entries e on e.id = b.entry_id
 where b.found_at < e.recorded_at
