-- Which payments have this order reference, whoever made them, in the order that is asked for?
select payment_id as "payment_id!"
  from (-- Two branches, since the index of those that have not failed leaves the others out.
        select * from payments where order_reference = $1 and status <> 'failed'
         union all
        select * from payments where order_reference = $1 and status = 'failed') as p
 where ($2::text is null or p.status = $2)
   and ($3::uuid is null or exists (select from payment_lines l
                                     where l.partner_id = $3 and l.payment_id = p.payment_id))
   and ($4::text is null or p.currency = $4)
   and ($5::bigint is null or p.amount_minor >= $5)
   and ($6::bigint is null or p.amount_minor <= $6)
   and ($7::timestamptz is null or p.created_at >= $7)
   and ($8::timestamptz is null or p.created_at < $8)
   and ($14::text is null
        or exists (select from tenders t
                     join payment_methods m using (payment_method_id)
                    where t.payment_id = p.payment_id and m.last_four = $14))
   and ($11::uuid is null
        or case when $9 then (case when $10 then p.amount_minor else 0 end, p.payment_id)
                             > (case when $10 then $12::bigint else 0 end, $11)
                else (case when $10 then p.amount_minor else 0 end, p.payment_id)
                     < (case when $10 then $12::bigint else 0 end, $11) end)
 order by case when $10 and $9 then p.amount_minor when $10 then - p.amount_minor else 0 end,
          case when $9 then p.payment_id end, p.payment_id desc
 limit $13
