-- Which of these payments are new, under keys that nobody has used and with order references that nobody holds? They
-- are written whole, with their kept answers and their events; the others are left out, and nothing of them is written.
-- No table is looked through here: the plan is made once, when tables are small, and used when they are large.
-- The statement is its own transaction.
with asked as materialized (
    select *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::bigint[], $10::bigint[], $11::bigint[], $12::timestamptz[],
                  $13::bytea[], $14::bytea[], $15::bytea[], $16::text[], $17::text[], $18::text[], $19::text[])
        as p (payment_id, caller, order_reference, currency, origin, connector, capture, status,
              owed_minor, amount_minor, captured_minor, sold_at,
              scope, fingerprint, answer, subject, topic, event, trace_parent)
), kept as materialized (
    select k.scope
      from (select array_agg(scope) as scopes, array_agg(fingerprint) as fingerprints, array_agg(answer) as answers,
                   array_agg(subject) as subjects
              from asked) as everything
     cross join lateral once.keep_new(scopes, fingerprints, $20::smallint, answers, subjects, $21::timestamptz)
                        as k (scope)
), fresh as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, sold_at, created_at, updated_at)
    select payment_id, caller, order_reference, currency, origin, connector, capture, status,
           owed_minor, amount_minor, captured_minor, sold_at, $21, $21
      from asked
     where scope in (select scope from kept)
     -- One order for all, so that two statements with the same references wait for each other and don't deadlock.
     order by order_reference, caller
    on conflict (order_reference, caller) where status <> 'failed' do nothing
    returning payment_id
), paid as (
    insert into tenders (payment_id, number, tender_id, kind, amount_minor, authorized_minor, captured_minor)
    select t.*
      from unnest($22::uuid[], $23::int[], $24::uuid[], $25::text[], $26::bigint[], $27::bigint[], $28::bigint[])
        as t (payment_id, number, tender_id, kind, amount_minor, authorized_minor, captured_minor)
     where t.payment_id in (select payment_id from fresh)
), done as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor, created_at,
                              updated_at)
    select o.*, $21, $21
      from unnest($29::uuid[], $30::uuid[], $31::int[], $32::text[], $33::text[], $34::bigint[])
        as o (transaction_id, payment_id, tender_number, operation, state, amount_minor)
     where o.payment_id in (select payment_id from fresh)
), owed as (
    insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                               shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor,
                               discounts)
    select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
           l.tax_free_minor, l.partner_discount_minor, l.platform_discount_minor, l.discounts::jsonb
      from unnest($35::uuid[], $36::int[], $37::uuid[], $38::text[], $39::bigint[], $40::int[], $41::bigint[],
                  $42::bigint[], $43::bigint[], $44::bigint[], $45::text[])
        as l (payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
              tax_free_minor, partner_discount_minor, platform_discount_minor, discounts)
     where l.payment_id in (select payment_id from fresh)
), told as materialized (
    select bus.append_first(array_agg(topic), array_agg(subject), array_agg(event), array_agg(trace_parent),
                            array_agg($21::timestamptz)) as events
      from asked
     where payment_id in (select payment_id from fresh)
), undone as materialized (
    -- Their keys were new, and their references are taken.
    select once.take_back(array_agg(scope)) as keys
      from asked
     where scope in (select scope from kept) and payment_id not in (select payment_id from fresh)
)
-- What nobody reads is not done: without `told` no event would be written, without `undone` no key given back.
select fresh.payment_id as "payment_id!"
  from told
 cross join undone
  left join fresh on told.events + undone.keys >= 0
 where fresh.payment_id is not null
