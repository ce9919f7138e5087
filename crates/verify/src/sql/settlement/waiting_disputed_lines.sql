-- Which waiting disputed lines are priced as well? Which could be priced, and nobody is going to look at them?
select 'pay:' || w.payment_id || ' sln:' || w.id as id,
       format('what dsp:%s moved of line %s waits and is priced', w.dispute_id, w.line_number) as detail
  from waiting_disputed_lines w
 where exists (select from disputed_lines c
                where c.payment_id = w.payment_id and c.line_number = w.line_number and c.dispute_id = w.dispute_id
                  and c.version = w.version)
    or exists (select from settlement_details d where d.id = w.id)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('a disputed line %s waits, though that is priced, and nobody was asked to look at it', w.line_number)
  from waiting_disputed_lines w
 where w.problem is null
   and exists (select from settlement_details d
                where d.payment_id = w.payment_id and d.line_number = w.line_number and d.quantity > 0)
   and not exists (select from pricing_requests r where r.partner_id = w.partner_id and r.currency = w.currency)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('a disputed line %s waits for %s, but that is not priced', w.line_number, w.problem)
  from waiting_disputed_lines w
 where w.problem is not null
   and not exists (select from settlement_details d
                    where d.payment_id = w.payment_id and d.line_number = w.line_number and d.quantity > 0)
