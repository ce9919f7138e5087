-- What did each change of a dispute move of which lines, priced or still waiting? What does both stands here twice.
select payment_id::text,
       string_agg(format('[dispute=%s version=%s line=%s partner=%s currency=%s funds=%s disputed=%s sold_at=%s changed_at=%s]',
                         dispute_id, version, line_number, partner_id, currency, funds, disputed,
                         (extract(epoch from sold_at) * 1000000)::bigint,
                         (extract(epoch from changed_at) * 1000000)::bigint),
                  ' ' order by dispute_id, version, line_number)
  from (select c.payment_id, c.line_number, c.dispute_id, c.version, c.funds, d.partner_id, d.currency,
               d.gross_minor * case c.funds when 'withdrawn' then -1 else 1 end as disputed, d.sold_at, c.changed_at
          from disputed_lines c
          left join settlement_details d on d.id = c.detail_id
         union all
        select payment_id, line_number, dispute_id, version, funds, partner_id, currency, disputed_minor, sold_at, changed_at
          from waiting_disputed_lines) as moved
 group by payment_id
 order by payment_id
