-- Which payments are given up, keep what is the buyer's, and do nothing about it?
with op as (
    select o.payment_id, o.tender_number, o.operation, o.state,
           coalesce(o.cause, case when o.operation in ('authorize', 'sale') then 'order' else 'caller' end)
               in ('order', 'fallback') as is_of_order
      from transactions o),
given_up as (
    select distinct refused.payment_id
      from op refused
     where refused.is_of_order and refused.state in ('declined', 'failed', 'canceled', 'expired')
       and not exists (select from op other
                        where other.payment_id = refused.payment_id and other.tender_number = refused.tender_number
                          and other.operation = refused.operation and other.is_of_order and other.state = 'succeeded'))
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id as id,
       format('is given up, and holds %s and keeps %s of the buyer''s', t.authorized_minor - t.captured_minor - t.voided_minor,
              t.captured_minor - t.refunded_minor - t.disputed_minor) as detail
  from given_up g
  join tenders t using (payment_id)
 where (t.authorized_minor > t.captured_minor + t.voided_minor
        or t.captured_minor > t.refunded_minor + t.disputed_minor)
   and not exists (select from op o
                    where o.payment_id = t.payment_id and o.state in ('created', 'sent', 'unknown', 'requires_action'))
