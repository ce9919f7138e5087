-- These operations, which nobody else has moved since they were sent, succeeded. What do their payments come to? Each has
-- one tender and is locked. The state comes as a parameter, so that no index of all that is open is read for it.
with asked as materialized (
    select *
      from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[],
                  $8::bigint[])
        as c (payment_id, transaction_id, tender_number, connector_reference, captured_minor, held_until, status,
              all_captured_minor)
), ended as (
    update transactions o
       set state = 'succeeded', connector_reference = asked.connector_reference, due_at = null, updated_at = $9
      from asked
     where o.transaction_id = asked.transaction_id and o.state = any($10)
    returning o.payment_id, o.amount_minor
), moved as (
    update tenders t
       set authorized_minor = t.authorized_minor + ended.amount_minor,
           captured_minor = t.captured_minor + asked.captured_minor, held_until = asked.held_until
      from ended join asked using (payment_id)
     where t.payment_id = asked.payment_id and t.number = asked.tender_number
), settled as (
    update payments p
       set status = asked.status, captured_minor = asked.all_captured_minor, updated_at = $9
      from ended join asked using (payment_id)
     where p.payment_id = asked.payment_id
)
select payment_id from ended
