-- What do the totals by partner say?
select partner_id, month, book, account, currency, debit_minor::text as debit, credit_minor::text as credit, entry_count
  from partner_totals
