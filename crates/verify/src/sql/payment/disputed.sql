-- How does each dispute stand?
select d.payment_id::text,
       string_agg(format('[dispute=%s version=%s tender=%s:%s amount=%s currency=%s reason=%s state=%s withdrawn=%s lines=%s order=%s sold_at=%s opened_at=%s changed_at=%s]',
                         d.dispute_id, d.version, t.tender_id, t.kind, d.amount_minor, p.currency, d.reason, d.state,
                         d.is_withdrawn,
                         (select string_agg(format('%s:%s:%s', part.value ->> 'line_number', l.partner_id,
                                                   part.value ->> 'amount_minor'),
                                            ',' order by (part.value ->> 'line_number')::int)
                            from jsonb_array_elements(d.parts) as part (value)
                            left join payment_lines l
                              on l.payment_id = d.payment_id and l.line_number = (part.value ->> 'line_number')::int),
                         p.order_reference, (extract(epoch from p.sold_at) * 1000000)::bigint,
                         (extract(epoch from d.opened_at) * 1000000)::bigint,
                         (extract(epoch from d.changed_at) * 1000000)::bigint),
                  ' ' order by d.dispute_id)
  from disputes d
  left join payments p using (payment_id)
  left join tenders t on t.payment_id = d.payment_id and t.number = d.tender_number
 group by d.payment_id
 order by d.payment_id
