-- What did each increment that was done ask for, and what stands in the lines of its payment instead?
select c.payment_id::text, c.lines::text as asked,
       coalesce(string_agg(format('[line=%s partner=%s category=%s price=%s quantity=%s shipping=%s tax_free=%s discounts=%s]',
                                  l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity,
                                  l.shipping_minor, l.tax_free_minor,
                                  (select string_agg(format('%s:%s', d.value ->> 'funded_by', d.value ->> 'amount_minor'),
                                                     ',' order by d.place)
                                     from jsonb_array_elements(l.discounts) with ordinality as d (value, place))),
                           ' ' order by line.place), '') as stands
  from changes c
  join transactions o using (change_id)
 cross join lateral jsonb_array_elements(c.lines) with ordinality as line (value, place)
  left join payment_lines l
    on l.payment_id = c.payment_id and l.line_number = (line.value ->> 'line_number')::int
 where c.kind = 'increment' and o.state = 'succeeded'
 group by c.change_id
