-- What did each refund take back of which lines, priced or still waiting? What does both stands here twice. Amounts are
-- those of the part that was refunded, whatever the outcome.
select payment_id::text,
       string_agg(format('[refund=%s outcome=%s line=%s partner=%s currency=%s gross=%s tax_free=%s by_partner=%s by_platform=%s shipping=%s owed=%s before=%s sold_at=%s refunded_at=%s]',
                         refund_id, outcome, line_number, partner_id, currency, gross * sign, tax_free * sign,
                         by_partner * sign, by_platform * sign, shipping * sign, owed_minor, refunded_before_minor,
                         (extract(epoch from sold_at) * 1000000)::bigint,
                         (extract(epoch from refunded_at) * 1000000)::bigint),
                  ' ' order by refund_id, outcome collate "C", line_number)
  from (select r.payment_id, r.line_number, r.refund_id, r.outcome, d.partner_id, d.currency, d.gross_minor as gross,
               d.tax_free_minor as tax_free, d.partner_discount_minor as by_partner,
               d.platform_discount_minor as by_platform, d.shipping_minor as shipping, r.owed_minor,
               r.refunded_before_minor, d.sold_at, r.refunded_at,
               case r.outcome when 'refunded' then -1 else 1 end as sign
          from reversals r
          left join settlement_details d on d.id = r.detail_id
         union all
        select payment_id, line_number, refund_id, outcome, partner_id, currency, gross_minor, tax_free_minor,
               partner_discount_minor, platform_discount_minor, shipping_minor, owed_minor, refunded_before_minor,
               sold_at, refunded_at, 1
          from waiting_reversals) as taken_back
 group by payment_id
 order by payment_id
