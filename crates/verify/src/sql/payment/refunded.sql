-- What is told of the refunds of each payment that was captured in full?
with done as (
    select t.payment_id
      from tenders t
     group by t.payment_id
    having sum(t.authorized_minor::numeric - t.captured_minor - t.voided_minor) <= 0),
told as (
    select o.payment_id, o.transaction_id, t.tender_id, t.kind, o.amount_minor, o.parts, outcome.word
      from transactions o
      join done using (payment_id)
      join tenders t on t.payment_id = o.payment_id and t.number = o.tender_number
      -- One that has a reference and failed had succeeded before.
      join (values ('refunded'), ('reversed')) as outcome (word)
           on o.state = 'succeeded' and outcome.word = 'refunded'
              or o.state = 'failed' and o.connector_reference is not null
     where o.operation = 'refund' and coalesce(o.cause, 'caller') = 'caller')
select p.payment_id::text,
       format('reference=%s sold_at=%s origin=%s currency=%s %s', p.order_reference,
              (extract(epoch from p.sold_at) * 1000000)::bigint, p.origin, p.currency,
              string_agg(format('[%s %s %s:%s %s %s]', told.transaction_id, told.word, told.tender_id, told.kind,
                                told.amount_minor,
                                (select string_agg(format('%s:%s', part.value ->> 'line_number',
                                                                 part.value ->> 'amount_minor'),
                                                   ',' order by (part.value ->> 'line_number')::int)
                                   from jsonb_array_elements(told.parts) as part (value))),
                         ' ' order by told.transaction_id, told.word))
  from told
  join payments p using (payment_id)
 group by p.payment_id
 order by p.payment_id
