-- These operations, which nobody else has moved since they were sent, succeeded. What do their payments come to? Each has
-- one tender. They are written with what is answered under their keys and with the events that tell of them; those that
-- somebody else holds, or has moved on, or whose keys somebody took over, are left out.
-- States come as parameters, so that no index of all that is open is read for them.
-- The statement is its own transaction.
with asked as materialized (
    select *
      from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[],
                  $8::bigint[], $9::bytea[], $10::int[], $11::bytea[])
        as c (payment_id, transaction_id, tender_number, connector_reference, captured_minor, held_until, status,
              all_captured_minor, scope, fence, answer)
), held as materialized (
    -- As whoever moves anything of a payment: the payment first, so that nobody else moves it until this commits. The
    -- operation with it, which may have been moved on just before. Nobody is waited for.
    select asked.*, o.amount_minor
      from asked
      join payments p using (payment_id)
      join transactions o using (transaction_id)
     where p.status = any($15) and o.state = any($16)
       for update of p, o skip locked
), answered as (
    update once.keys k
       set status = $12::smallint, answer = held.answer
      from held
     where k.scope = held.scope and k.fence = held.fence and k.status is null
    returning held.*
), ended as (
    update transactions o
       set state = 'succeeded', connector_reference = answered.connector_reference, due_at = null, updated_at = $13
      from answered
     where o.transaction_id = answered.transaction_id
), moved as (
    update tenders t
       set authorized_minor = t.authorized_minor + answered.amount_minor,
           captured_minor = t.captured_minor + answered.captured_minor, held_until = answered.held_until
      from answered
     where t.payment_id = answered.payment_id and t.number = answered.tender_number
), settled as (
    update payments p
       set status = answered.status, captured_minor = answered.all_captured_minor, updated_at = $13
      from answered
     where p.payment_id = answered.payment_id
), told as (
    insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
    select fact.topic, fact.aggregate, 1, fact.event::jsonb, fact.trace_parent, $13
      from unnest($14::uuid[], $17::text[], $18::text[], $19::text[], $20::text[])
        as fact (payment_id, topic, aggregate, event, trace_parent)
      join answered using (payment_id)
)
select payment_id as "payment_id!" from answered
