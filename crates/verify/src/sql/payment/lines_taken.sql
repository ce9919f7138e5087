-- Of which lines did refunds and disputes together take more than was owed? Beside what was let go, and counting only what
-- went back and what banks have now: what is under way, and what came back, took nothing.
with taken as (
    select d.payment_id, (part.value ->> 'line_number')::int as line_number,
           sum((part.value ->> 'amount_minor')::numeric) as disputed
      from disputes d
     cross join jsonb_array_elements(d.parts) as part (value)
     where d.is_withdrawn
     group by d.payment_id, line_number),
line as (
    select l.payment_id, l.line_number, l.refunded_minor, l.canceled_minor, taken.disputed,
           l.unit_price_minor::numeric * l.quantity - l.partner_discount_minor - l.platform_discount_minor
               + l.shipping_minor as owed
      from taken
      join payment_lines l using (payment_id, line_number))
select 'pay:' || payment_id as id,
       format('of line %s %s was owed and %s let go; refunds gave back %s of it, and disputes took %s', line_number, owed,
              canceled_minor, refunded_minor, disputed) as detail
  from line
 where refunded_minor + canceled_minor + disputed > owed
