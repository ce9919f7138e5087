-- In which book and currency do the ledgers' debits differ from their credits?
select book || ' ' || currency as id,
       format('debit %s, credit %s', sum(debit_minor), sum(credit_minor)) as detail
  from ledgers
 group by book, currency
having sum(debit_minor) <> sum(credit_minor)
