-- What is owed to each partner for lines that no statement counts yet?
select partner_id, currency, sum(credit_minor - debit_minor)::text as amount
  from ledgers
 where account = 'partner_payable_unsettled' and book = 'main'
 group by partner_id, currency
