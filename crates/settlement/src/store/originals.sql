-- What was frozen of these lines when they were priced?
select d.id, d.payment_id, d.line_number, d.partner_id, d.currency, d.category, d.sold_at, d.sold_on, d.contract_id,
       d.contract_version, d.gross_minor, d.partner_discount_minor, d.platform_discount_minor, d.shipping_minor,
       d.fee_base_minor, d.fee_rate_ppm, d.share_fee_minor, d.flat_fee_minor, d.shipping_fee_minor, d.fee_vat_minor,
       d.fee_vat_borne_by
  from unnest($1::uuid[], $2::int[]) as f (payment_id, line_number)
  join settlement_details d on d.payment_id = f.payment_id and d.line_number = f.line_number
 where d.quantity > 0
