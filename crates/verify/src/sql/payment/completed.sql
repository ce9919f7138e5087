-- What was sold and taken in each payment that was captured in full, whatever was given back later?
with done as (
    select t.payment_id, max(t.updated_at) as done_at
      from transactions t
     where t.operation in ('capture', 'sale') and t.state = 'succeeded'
     group by t.payment_id),
tender as (
    select t.payment_id,
           string_agg(format('%s:%s:%s', t.tender_id, t.kind, t.captured_minor), ',' order by t.number) as all_of_them,
           sum(t.authorized_minor::numeric - t.captured_minor - t.voided_minor) as held
      from tenders t
     group by t.payment_id),
line as (
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
     group by l.payment_id)
select p.payment_id::text,
       format('reference=%s sold_at=%s origin=%s currency=%s told_at=%s tenders=%s %s', p.order_reference,
              (extract(epoch from p.sold_at) * 1000000)::bigint, p.origin, p.currency,
              (extract(epoch from done.done_at) * 1000000)::bigint, t.all_of_them, l.all_of_them)
  from payments p
  join done using (payment_id)
  join tender t using (payment_id)
  left join line l using (payment_id)
 where t.held <= 0
 order by p.payment_id
