-- Which disputed lines wait for these lines?
select w.id, w.payment_id, w.line_number, w.partner_id, w.currency, w.dispute_id, w.version, w.funds, w.disputed_minor,
       w.sold_at, w.changed_at
  from unnest($1::uuid[], $2::int[]) as f (payment_id, line_number)
  join waiting_disputed_lines w on w.payment_id = f.payment_id and w.line_number = f.line_number
 order by w.id
   for update of w
