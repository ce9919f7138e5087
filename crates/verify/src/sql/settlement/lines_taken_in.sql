-- Which lines of each payment are priced, or wait for a contract? One that does both stands here twice. What was taken back
-- of lines stands in refunds_taken_in.sql and disputes_taken_in.sql.
select payment_id::text,
       string_agg(format('[line=%s partner=%s category=%s price=%s quantity=%s shipping=%s tax_free=%s by_partner=%s by_platform=%s currency=%s sold_at=%s]',
                         line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
                         tax_free_minor, partner_discount_minor, platform_discount_minor, currency,
                         (extract(epoch from sold_at) * 1000000)::bigint),
                  ' ' order by line_number)
  from (select payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
               tax_free_minor, partner_discount_minor, platform_discount_minor, currency, sold_at
          from settlement_details d
         where not exists (select from reversals r where r.detail_id = d.id)
           and not exists (select from disputed_lines c where c.detail_id = d.id)
         union all
        select payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
               tax_free_minor, partner_discount_minor, platform_discount_minor, currency, sold_at
          from waiting_lines) as taken_in
 group by payment_id
 order by payment_id
