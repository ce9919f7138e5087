-- Which means of payment do not fit the tenders that they pay, are there for nothing, or were seen before they were used?
with used as (
    select t.payment_method_id, t.payment_id from tenders t where t.payment_method_id is not null
     union all
    select r.payment_method_id, r.payment_id from payment_route_means r)
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id as id,
       format('is %s of %s through %s, paid by %s of %s through %s', t.kind, p.caller, p.connector, m.kind, m.caller,
              m.connector) as detail
  from tenders t
  join payments p using (payment_id)
  join payment_methods m using (payment_method_id)
 where (t.kind, p.caller, p.connector) is distinct from (m.kind, m.caller, m.connector)
 union all
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id, 'has no means of payment, and its connector needs one'
  from tenders t
  join payments p using (payment_id)
 where t.payment_method_id is null and p.connector <> 'external'
 union all
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id, 'was paid elsewhere, by a means of a connector here'
  from tenders t
  join payments p using (payment_id)
 where t.payment_method_id is not null and p.connector = 'external'
 union all
select m.payment_method_id::text, 'nobody added it, and no payment that was to use it was made when it was seen first'
  from payment_methods m
 where m.holder_reference is null
   -- One of a route is known though nobody was asked to use it.
   and not exists (select from used
                     join payments p using (payment_id)
                    where used.payment_method_id = m.payment_method_id and p.created_at = m.created_at)
 union all
-- A copy whose clock is behind may accept a payment shortly before the moment at which another detached its means.
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id,
       format('was made at %s by a means that was detached at %s', p.created_at, m.detached_at)
  from tenders t
  join payments p using (payment_id)
  join payment_methods m using (payment_method_id)
 where p.created_at > m.detached_at + interval '1 minute'
