-- Which of these payments are new, under keys that nobody has used and with order references that nobody holds? They
-- are written whole: with their keys, and the answers where there are any already; with means of payment that are new;
-- with the events that tell of them. The others are left out, and nothing of them is written.
-- No table is looked through here: the plan is made once, when tables are small, and used when they are large.
-- The statement is its own transaction. It writes `once.keys` and `bus.outbox` itself: a function for each, of their own
-- crates, took a tenth of the time that one payment takes.
with asked as materialized (
    select *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::bigint[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::text[],
                  $14::bytea[], $15::bytea[], $16::text[], $17::bytea[], $18::text[], $19::text[], $20::text[], $21::text[])
        as p (payment_id, caller, order_reference, currency, origin, connector, capture, status,
              owed_minor, amount_minor, captured_minor, sold_at, return_url,
              scope, fingerprint, subject, answer, topic, aggregate, event, trace_parent)
), kept as (
    insert into once.keys (scope, fingerprint, status, answer, subject, claimed_at, lease_until)
    select scope, fingerprint, case when answer is not null then $22::smallint end, answer, subject, $23, $24
      from asked
     -- One order for all, so that two statements with the same keys wait for each other and don't deadlock.
     order by scope
    on conflict on constraint keys_pk do nothing
    returning scope
), fresh as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, sold_at, return_url, created_at, updated_at)
    select payment_id, caller, order_reference, currency, origin, connector, capture, status,
           owed_minor, amount_minor, captured_minor, sold_at, return_url, $23, $23
      from asked
     where scope in (select scope from kept)
     -- One order for all, as for keys.
     order by order_reference, caller
    on conflict (order_reference, caller) where status <> 'failed' do nothing
    returning payment_id
), paid as (
    insert into tenders (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor,
                         captured_minor, refund_rank)
    select t.*
      from unnest($25::uuid[], $26::int[], $27::uuid[], $28::text[], $29::uuid[], $30::bigint[], $31::bigint[],
                  $32::bigint[], $33::int[])
        as t (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor, captured_minor,
              refund_rank)
     where t.payment_id in (select payment_id from fresh)
    returning payment_method_id
), seen as (
    -- Somebody else's who is as quick makes the statement fail, for the tenders then name what is not there.
    insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
    select m.*, $23
      from unnest($34::uuid[], $35::text[], $36::text[], $37::text[], $38::text[])
        as m (payment_method_id, caller, connector, kind, token)
     where m.payment_method_id in (select payment_method_id from paid)
     -- One order for all statements of this kind, as for keys. Whoever writes a payment by itself comes to its means first.
     order by m.caller collate "C", m.connector collate "C", m.kind collate "C", m.token collate "C"
    on conflict on constraint payment_methods_token do nothing
), done as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key,
                              due_at, created_at, updated_at)
    select o.*, $23, $23
      from unnest($39::uuid[], $40::uuid[], $41::int[], $42::text[], $43::text[], $44::bigint[], $45::text[],
                  $46::timestamptz[])
        as o (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key, due_at)
     where o.payment_id in (select payment_id from fresh)
), owed as (
    insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                               shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor,
                               discounts)
    select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
           l.tax_free_minor, l.partner_discount_minor, l.platform_discount_minor, l.discounts::jsonb
      from unnest($47::uuid[], $48::int[], $49::uuid[], $50::text[], $51::bigint[], $52::int[], $53::bigint[],
                  $54::bigint[], $55::bigint[], $56::bigint[], $57::text[])
        as l (payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
              tax_free_minor, partner_discount_minor, platform_discount_minor, discounts)
     where l.payment_id in (select payment_id from fresh)
), told as (
    insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
    select topic, aggregate, 1, event::jsonb, trace_parent, $23
      from asked
     where topic is not null and payment_id in (select payment_id from fresh)
), undone as materialized (
    -- Their keys were new, and their references are taken.
    select once.take_back(array_agg(scope)) as keys
      from asked
     where scope in (select scope from kept) and payment_id not in (select payment_id from fresh)
)
-- What nobody reads is not done: without `undone`, on the side of which every row counts, no key would be given back.
select fresh.payment_id as "payment_id?"
  from undone
  left join fresh on undone.keys >= 0
