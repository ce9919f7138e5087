-- What may have been answered of each payment, that never changes?
with line as (
    select l.payment_id,
           string_agg(format('[line=%s partner=%s category=%s price=%s quantity=%s shipping=%s tax_free=%s discounts=%s]',
                             l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
                             l.tax_free_minor, case when l.discounts <> '[]' then
                                 (select string_agg(format('%s:%s', d.value ->> 'funded_by',
                                                                  d.value ->> 'amount_minor'), ',' order by d.place)
                                                  from jsonb_array_elements(l.discounts)
                                                       with ordinality as d (value, place)) end),
                      ' ' order by l.line_number) as all_of_them
      from payment_lines l
     group by l.payment_id),
tender as (
    select payment_id, string_agg(format('%s:%s:%s', tender_id, kind, amount_minor), ',' order by number) as all_of_them
      from tenders
     group by payment_id)
select p.payment_id::text,
       format('reference=%s currency=%s owed=%s amount=%s connector=%s origin=%s capture=%s sold_at=%s created_at=%s tenders=%s %s',
              p.order_reference, p.currency, p.owed_minor, p.amount_minor, p.connector, p.origin, p.capture,
              (extract(epoch from p.sold_at) * 1000000)::bigint, (extract(epoch from p.created_at) * 1000000)::bigint,
              t.all_of_them, l.all_of_them),
       case when p.status in ('failed', 'voided', 'canceled', 'expired') then p.status
            when exists (select from transactions o
                          where o.payment_id = p.payment_id and o.operation in ('capture', 'sale')
                            and o.state = 'succeeded') then 'completed'
            else '' end
  from payments p
  left join tender t using (payment_id)
  left join line l using (payment_id)
 order by p.payment_id
