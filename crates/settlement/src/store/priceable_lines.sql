-- Which waiting lines of these accounts does a contract cover now?
select w.id, w.payment_id, w.line_number, w.partner_id, w.currency, w.category, w.unit_price_minor, w.quantity,
       w.tax_free_minor, w.partner_discount_minor, w.platform_discount_minor, w.shipping_minor, w.sold_at
  from (select v.partner_id, v.currency, min(v.starts_at) as starts_at
          from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
          join known_contract_versions v on v.partner_id = f.partner_id and v.currency = f.currency
         group by v.partner_id, v.currency) as first
  join waiting_lines w on w.partner_id = first.partner_id and w.currency = first.currency
                      and w.sold_at >= first.starts_at
 where w.problem is null
 order by w.sold_at, w.id
 limit $3
   for update of w skip locked
