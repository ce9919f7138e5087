-- Which waiting disputed lines of these accounts have an original with a price?
select w.id, w.payment_id, w.line_number, w.partner_id, w.currency, w.dispute_id, w.version, w.funds, w.disputed_minor,
       w.sold_at, w.changed_at
  from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
  join waiting_disputed_lines w on w.partner_id = f.partner_id and w.currency = f.currency
 where w.problem is null
   and exists (select from settlement_details d
                where d.payment_id = w.payment_id and d.line_number = w.line_number and d.quantity > 0)
 order by w.id
 limit $3
   for update of w skip locked
