-- Which lines does a statement count, newest first?
select d.id, d.payment_id, d.line_number, d.partner_id, d.currency, d.category, d.unit_price_minor, d.quantity,
       d.gross_minor, d.tax_free_minor, d.partner_discount_minor, d.platform_discount_minor, d.fee_base,
       d.fee_base_minor, d.fee_rate_ppm, d.share_fee_minor, d.flat_fee_minor, d.shipping_fee_minor, d.fee_minor,
       d.fee_vat_rate_ppm, d.fee_vat_minor, d.fee_vat_borne_by, d.shipping_minor, d.net_minor, d.rounding,
       d.contract_id, d.contract_version, d.window_id, d.sold_at, d.sold_on, d.recorded_at, d.calendar_version,
       s.id as "settlement_id?", coalesce(r.reverses, c.disputes) as "reverses?", r.refund_id as "refund_id?",
       r.outcome as "outcome?", r.owed_minor as "owed_minor?", r.refunded_before_minor as "refunded_before_minor?",
       r.refunded_at as "refunded_at?", r.refunded_on as "refunded_on?",
       c.dispute_id as "dispute_id?", c.funds as "funds?", c.changed_at as "disputed_at?", c.changed_on as "disputed_on?"
  from settlements s
  join settlement_details d on d.window_id = s.window_id
  left join reversals r on r.detail_id = d.id
  left join disputed_lines c on c.detail_id = d.id
 where s.id = $1 and ($2::uuid is null or d.id < $2)
 order by d.id desc
 limit $3
