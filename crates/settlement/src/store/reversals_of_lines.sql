-- Which reversals wait for these lines?
select w.id, w.payment_id, w.line_number, w.partner_id, w.currency, w.refund_id, w.outcome, w.gross_minor,
       w.tax_free_minor, w.partner_discount_minor, w.platform_discount_minor, w.shipping_minor, w.owed_minor,
       w.refunded_before_minor, w.sold_at, w.refunded_at
  from unnest($1::uuid[], $2::int[]) as f (payment_id, line_number)
  join waiting_reversals w on w.payment_id = f.payment_id and w.line_number = f.line_number
 order by w.id
   for update of w
