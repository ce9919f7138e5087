-- Which of these payments are new? They are written whole, with tenders, operations and lines; one whose order
-- reference belongs to a payment that has not failed is left out.
with fresh as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, sold_at, created_at, updated_at)
    select p.*, p.created_at
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::bigint[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[])
        as p (payment_id, caller, order_reference, currency, origin, connector, capture, status,
              owed_minor, amount_minor, captured_minor, sold_at, created_at)
     -- One order for all, so that two batches with the same references wait for each other and don't deadlock.
     order by p.order_reference, p.caller
    on conflict (order_reference, caller) where status <> 'failed' do nothing
    returning payment_id, caller, connector
), paid as (
    insert into tenders (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor,
                         captured_minor)
    select t.payment_id, t.number, t.tender_id, t.kind,
           case when t.token is not null then
               (select m.payment_method_id from payment_methods m
                 where m.caller = fresh.caller and m.connector = fresh.connector and m.kind = t.kind
                   and m.token = t.token)
           end,
           t.amount_minor, t.authorized_minor, t.captured_minor
      from unnest($14::uuid[], $15::int[], $16::uuid[], $17::text[], $18::text[], $19::bigint[], $20::bigint[],
                  $21::bigint[])
        as t (payment_id, number, tender_id, kind, token, amount_minor, authorized_minor, captured_minor)
      join fresh using (payment_id)
), asked as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor,
                              connector_key, due_at, created_at, updated_at)
    select o.transaction_id, o.payment_id, o.tender_number, o.operation, o.state, o.amount_minor, o.connector_key,
           o.due_at, $13[1], $13[1]
      from unnest($22::uuid[], $23::uuid[], $24::int[], $25::text[], $26::text[], $27::bigint[], $28::text[],
                  $29::timestamptz[])
        as o (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key, due_at)
      join fresh using (payment_id)
), owed as (
    insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                               shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor,
                               discounts)
    select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
           l.tax_free_minor, l.partner_discount_minor, l.platform_discount_minor, l.discounts::jsonb
      from unnest($30::uuid[], $31::int[], $32::uuid[], $33::text[], $34::bigint[], $35::int[], $36::bigint[],
                  $37::bigint[], $38::bigint[], $39::bigint[], $40::text[])
        as l (payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
              tax_free_minor, partner_discount_minor, platform_discount_minor, discounts)
      join fresh using (payment_id)
)
select payment_id from fresh
