-- Which priced lines, reversals among them, does each payment have?
select payment_id::text,
       string_agg(format('[line=%s detail=%s partner=%s currency=%s gross=%s by_partner=%s by_platform=%s fee=%s vat=%s borne_by=%s shipping=%s net=%s contract=%s/%s window=%s sold_at=%s recorded_at=%s]',
                         line_number, id, partner_id, currency, gross_minor, partner_discount_minor,
                         platform_discount_minor, fee_minor, fee_vat_minor, fee_vat_borne_by, shipping_minor, net_minor,
                         contract_id, contract_version, window_id, (extract(epoch from sold_at) * 1000000)::bigint,
                         (extract(epoch from recorded_at) * 1000000)::bigint),
                  ' ' order by line_number, id)
  from settlement_details
 group by payment_id
 order by payment_id
