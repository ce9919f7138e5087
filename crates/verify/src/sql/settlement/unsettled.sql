-- What do the lines that no statement counts add up to, by partner? A waiting line counts before its fee,
-- and so does what a refund or a dispute takes back of it.
select partner_id, currency, sum(amount)::text as amount
  from (select d.partner_id, d.currency, d.net_minor::numeric as amount
          from settlement_details d
          join windows w on w.id = d.window_id
         where w.state <> 'settled'
         union all
        select partner_id, currency,
               unit_price_minor::numeric * quantity - partner_discount_minor + shipping_minor
          from waiting_lines
         union all
        select partner_id, currency,
               (gross_minor::numeric - partner_discount_minor + shipping_minor)
               * case outcome when 'refunded' then -1 else 1 end
          from waiting_reversals
         union all
        select partner_id, currency, case funds when 'withdrawn' then -disputed_minor::numeric else disputed_minor end
          from waiting_disputed_lines) as unsettled
 group by partner_id, currency
