-- Which of these payments are new? They are written whole, with tenders, operations and lines; one whose order
-- reference belongs to a payment that has not failed is left out.
with fresh as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, sold_at, return_url, created_at, updated_at)
    select p.*, $2, $2
      from unnest($1::new_payment[]) as p
     -- One order for all, so that two batches with the same references wait for each other and don't deadlock.
     order by p.order_reference, p.caller
    on conflict (order_reference, caller) where status <> 'failed' do nothing
    returning payment_id, caller, connector
), paid as (
    insert into tenders (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor,
                         captured_minor, refund_rank)
    select t.payment_id, t.number, t.tender_id, t.kind,
           case when t.token is not null then
               (select m.payment_method_id from payment_methods m
                 where m.caller = fresh.caller and m.connector = fresh.connector and m.kind = t.kind
                   and m.token = t.token)
           end,
           t.amount_minor, t.authorized_minor, t.captured_minor, t.refund_rank
      from unnest($3::new_tender[], $4::text[])
        as t (payment_id, number, tender_id, kind, unknown, amount_minor, authorized_minor, captured_minor,
              refund_rank, token)
      join fresh using (payment_id)
), asked as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor,
                              connector_key, due_at, created_at, updated_at)
    select o.*, $2, $2
      from unnest($5::new_operation[]) as o
     where o.payment_id in (select payment_id from fresh)
), owed as (
    insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                               shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor,
                               discounts, currency, payment_amount_minor)
    select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
           l.tax_free_minor, l.partner_discount_minor, l.platform_discount_minor, l.discounts::jsonb,
           l.currency, l.payment_amount_minor
      from unnest($6::new_owed_line[]) as l
     where l.payment_id in (select payment_id from fresh)
)
select payment_id from fresh
