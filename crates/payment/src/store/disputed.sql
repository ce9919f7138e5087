-- Which payment and tender began the charge of that name ($2) at that connector ($1)? It comes along the index
-- transactions_begun_by_reference, whose condition the one here implies.
select o.payment_id, o.tender_number
  from transactions o
  join payments p using (payment_id)
 where o.connector_reference = $2
   and o.operation in ('authorize', 'sale')
   and coalesce(o.connector, p.connector) = $1
 limit 1
