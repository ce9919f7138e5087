-- What do the daily totals say?
select posted_on, book, kind, account, currency, debit_minor::text as debit, credit_minor::text as credit, entry_count
  from daily_totals
