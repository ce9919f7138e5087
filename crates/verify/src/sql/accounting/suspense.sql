-- In which currency is what lies in suspense not what the open breaks say, less what refunds gave back? Which breaks or
-- repayments can't be right?
select coalesce(b.kind, l.kind) || ' ' || coalesce(b.currency, l.currency) as id,
       format('open breaks add up to %s, suspense holds %s', coalesce(b.amount, 0), coalesce(l.amount, 0)) as detail
  from (select kind, currency, sum(amount) as amount
          from (select kind, currency, amount_minor::numeric as amount from breaks where state = 'open'
                 union all
                select 'over', currency, -amount_minor::numeric from break_repayments) as parts
         group by kind, currency) as b
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
 union all
-- A repayment without a break is of a payment that is not booked yet: the two have no common order.
select 'pay:' || b.payment_id, format('was paid %s %s, and refunds gave back %s of that', b.amount_minor, b.kind, r.amount)
  from breaks b
  join (select payment_id, sum(amount_minor) as amount from break_repayments group by payment_id) as r
    on r.payment_id = b.payment_id
 where (r.amount > b.amount_minor
        or r.amount < 0
        or b.kind <> 'over')
   and not exists (select from dispute_breaks d where d.entry_id = b.entry_id)
 union all
select 'jen:' || d.entry_id, format('is of %s, which took nothing beyond the lines', d.dispute_id)
  from dispute_breaks d
  left join breaks b on b.entry_id = d.entry_id
 where b.kind is distinct from 'short'
