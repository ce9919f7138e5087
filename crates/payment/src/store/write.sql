-- New payments, written whole: with their keys, and the answers where there are any already; with means of payment that are
-- new; with the events that tell of them. All of them or none: where a key was used before, or an order reference belongs to a
-- payment that has not failed, a constraint refuses the statement.
-- The statement is its own transaction. It writes `once.keys` and `bus.outbox` itself: a function for each, of their own
-- crates, took a tenth of the time that one payment takes.
with asked as materialized (
    select * from unnest($1::new_payment[], $2::new_key[]) as p
), kept as (
    insert into once.keys (scope, fingerprint, status, answer, subject, claimed_at, lease_until)
    select scope, fingerprint, case when answer is not null then $3::smallint end, answer, subject, $4, $5
      from asked
     -- One order for all, so that two statements with the same keys wait for each other and don't deadlock.
     order by scope
    returning 1
), seen as (
    -- Somebody else's who is as quick makes the statement fail, for the tenders then name what is not there. By this table's
    -- constraint it must not fail: the server's log would hold the token.
    insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
    select m.*, $4
      from unnest($7::new_means[]) as m
     -- After the keys, and before the payments, as whoever writes one by itself.
     where (select count(*) from kept) > 0
     -- One order for all, as for keys.
     order by m.caller collate "C", m.connector collate "C", m.kind collate "C", m.token collate "C"
    on conflict on constraint payment_methods_token do nothing
    returning 1
), fresh as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, sold_at, return_url, created_at, updated_at)
    select payment_id, caller, order_reference, currency, origin, connector, capture, status,
           owed_minor, amount_minor, captured_minor, sold_at, return_url, $4, $4
      from asked
     where (select count(*) from kept) > 0 and (select count(*) from seen) >= 0
     -- One order for all, as for keys.
     order by order_reference, caller
    returning 1
), paid as (
    insert into tenders (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor,
                         captured_minor, refund_rank)
    select * from unnest($6::new_tender[])
), done as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key,
                              due_at, created_at, updated_at)
    select o.*, $4, $4 from unnest($8::new_operation[]) as o
), owed as (
    insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                               shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor,
                               discounts, currency, payment_amount_minor)
    select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
           l.tax_free_minor, l.partner_discount_minor, l.platform_discount_minor, l.discounts::jsonb,
           l.currency, l.payment_amount_minor
      from unnest($9::new_owed_line[]) as l
), told as (
    insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
    select topic, aggregate, 1, event::jsonb, trace_parent, $4
      from asked
     where topic is not null
)
select count(*) as "count!" from fresh
