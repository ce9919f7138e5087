-- Which lines, and what refunds and disputes take back of lines, can't be priced yet, newest first?
select w.id as "id!", w.payment_id as "payment_id!", w.line_number as "line_number!", w.partner_id as "partner_id!",
       w.currency as "currency!", w.category as "category!", w.unit_price_minor as "unit_price_minor!",
       w.quantity as "quantity!", w.tax_free_minor as "tax_free_minor!",
       w.partner_discount_minor as "partner_discount_minor!", w.platform_discount_minor as "platform_discount_minor!",
       w.shipping_minor as "shipping_minor!", w.sold_at as "sold_at!", w.recorded_at as "recorded_at!", w.problem,
       w.refund_id, w.outcome, w.refunded_at, w.dispute_id, w.funds, w.changed_at
  from ((select id, payment_id, line_number, partner_id, currency, category, unit_price_minor, quantity, tax_free_minor,
                partner_discount_minor, platform_discount_minor, shipping_minor, sold_at, recorded_at, problem,
                null::uuid as refund_id, null::text as outcome, null::timestamptz as refunded_at,
                null::uuid as dispute_id, null::text as funds, null::timestamptz as changed_at
           from waiting_lines
          where ($1::uuid is null or partner_id = $1) and ($2::uuid is null or id < $2)
          order by id desc limit $3)
         union all
        (select id, payment_id, line_number, partner_id, currency, '', gross_minor * turn.sign * -1, -1,
                tax_free_minor * turn.sign, partner_discount_minor * turn.sign, platform_discount_minor * turn.sign,
                shipping_minor * turn.sign, sold_at, recorded_at, problem, refund_id, outcome, refunded_at,
                null, null, null
           from waiting_reversals
          cross join lateral (select case outcome when 'refunded' then -1 else 1 end as sign) as turn
          where ($1::uuid is null or partner_id = $1) and ($2::uuid is null or id < $2)
          order by id desc limit $3)
         union all
        (select id, payment_id, line_number, partner_id, currency, '',
                case funds when 'withdrawn' then disputed_minor else -disputed_minor end, -1, 0, 0, 0, 0, sold_at,
                recorded_at, problem, null, null, null, dispute_id, funds, changed_at
           from waiting_disputed_lines
          where ($1::uuid is null or partner_id = $1) and ($2::uuid is null or id < $2)
          order by id desc limit $3)) as w
 order by w.id desc
 limit $3
