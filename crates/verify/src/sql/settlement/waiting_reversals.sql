-- Which waiting reversals are priced as well? Which could be priced, and nobody is going to look at them?
select 'pay:' || w.payment_id || ' sln:' || w.id as id,
       format('what %s took back of line %s waits and is priced', w.refund_id, w.line_number) as detail
  from waiting_reversals w
 where exists (select from reversals r
                where r.payment_id = w.payment_id and r.line_number = w.line_number and r.refund_id = w.refund_id
                  and r.outcome = w.outcome)
    or exists (select from settlement_details d where d.id = w.id)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('a reversal of line %s waits, though that is priced, and nobody was asked to look at it', w.line_number)
  from waiting_reversals w
 where w.problem is null
   and exists (select from settlement_details d
                where d.payment_id = w.payment_id and d.line_number = w.line_number and d.quantity > 0)
   and not exists (select from pricing_requests r where r.partner_id = w.partner_id and r.currency = w.currency)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('a reversal of line %s waits for %s, but that is not priced', w.line_number, w.problem)
  from waiting_reversals w
 where w.problem is not null
   and not exists (select from settlement_details d
                    where d.payment_id = w.payment_id and d.line_number = w.line_number and d.quantity > 0)
