-- What is each priced line, in which window, up to which day was its account settled, and how does its contract stand? Of what
-- takes back: by which refund or dispute, and what was the original?
select d.id, d.payment_id, d.line_number, d.partner_id, d.currency, d.category, d.unit_price_minor, d.quantity,
       d.gross_minor, d.tax_free_minor, d.partner_discount_minor, d.platform_discount_minor, d.fee_base,
       d.fee_base_minor, d.fee_rate_ppm, d.share_fee_minor, d.flat_fee_minor, d.shipping_fee_minor, d.fee_minor,
       d.fee_vat_rate_ppm, d.fee_vat_minor, d.fee_vat_borne_by, d.shipping_minor, d.net_minor, d.rounding,
       d.contract_id, d.contract_version, d.sold_at, d.sold_on, d.recorded_at, d.calendar_version,
       w.partner_id as window_partner_id, w.currency as window_currency, w.starts_on as window_starts_on,
       w.ends_on as window_ends_on, w.time_zone as window_time_zone, b.closed_through,
       r.reverses, r.owed_minor, r.refunded_before_minor, r.refunded_at, r.refunded_on,
       c.disputes, c.funds, c.changed_at, c.changed_on,
       o.partner_id as original_partner_id, o.currency as original_currency, o.category as original_category,
       o.gross_minor as original_gross_minor, o.partner_discount_minor as original_partner_discount_minor,
       o.platform_discount_minor as original_platform_discount_minor, o.shipping_minor as original_shipping_minor,
       o.fee_base_minor as original_fee_base_minor, o.fee_rate_ppm as original_fee_rate_ppm,
       o.share_fee_minor as original_share_fee_minor, o.flat_fee_minor as original_flat_fee_minor,
       o.shipping_fee_minor as original_shipping_fee_minor, o.fee_vat_minor as original_fee_vat_minor,
       o.contract_id as original_contract_id, o.contract_version as original_contract_version,
       o.sold_at as original_sold_at, o.sold_on as original_sold_on
  from settlement_details d
  left join windows w on w.id = d.window_id
  left join carry_balances b on b.partner_id = d.partner_id and b.currency = d.currency
  left join reversals r on r.detail_id = d.id
  left join disputed_lines c on c.detail_id = d.id
  left join settlement_details o on o.id = coalesce(r.reverses, c.disputes)
