-- Which waiting lines are priced as well? Which could be priced, and nobody is going to look at them?
select 'pay:' || w.payment_id || ' sln:' || w.id as id, format('line %s waits and is priced', w.line_number) as detail
  from waiting_lines w
 where exists (select from settlement_details d
                where d.payment_id = w.payment_id and d.line_number = w.line_number)
    or exists (select from settlement_details d where d.id = w.id)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('line %s waits, though a contract is in force, and nobody was asked to look at it', w.line_number)
  from waiting_lines w
 where w.problem is null
   and exists (select from known_contract_versions v
                where v.partner_id = w.partner_id and v.currency = w.currency and v.starts_at <= w.sold_at)
   and not exists (select from pricing_requests r where r.partner_id = w.partner_id and r.currency = w.currency)
 union all
select 'pay:' || w.payment_id || ' sln:' || w.id,
       format('line %s waits for %s, but no contract is in force', w.line_number, w.problem)
  from waiting_lines w
 where w.problem is not null
   and not exists (select from known_contract_versions v where v.partner_id = w.partner_id and v.currency = w.currency)
