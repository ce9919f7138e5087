-- What do the lines of each window add up to?
select window_id,
       count(*) as "line_count!",
       sum(gross_minor)::bigint as "gross_minor!",
       sum(partner_discount_minor)::bigint as "partner_discount_minor!",
       sum(platform_discount_minor)::bigint as "platform_discount_minor!",
       sum(fee_minor)::bigint as "fee_minor!",
       sum(fee_vat_minor)::bigint as "fee_vat_minor!",
       coalesce(sum(fee_vat_minor) filter (where fee_vat_borne_by = 'partner'), 0)::bigint
           as "fee_vat_on_top_minor!",
       sum(shipping_minor)::bigint as "shipping_minor!",
       sum(net_minor)::bigint as "earned_minor!"
  from settlement_details
 where window_id = any($1)
 group by window_id
