-- Which tenders are not what their operations did, and which operations can't be right?
with done as (
    select o.payment_id, o.tender_number as number,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation in ('authorize', 'sale'))
               as authorized,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation in ('capture', 'sale'))
               as captured,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation = 'void') as voided,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation = 'refund') as refunded,
           count(*) filter (where o.operation in ('authorize', 'sale')) as beginnings,
           bool_or(o.operation = 'sale') as sells
      from transactions o
     group by o.payment_id, o.tender_number)
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id as id,
       concat_ws('; ',
           case when t.authorized_minor <> coalesce(d.authorized, 0)
                then format('authorized %s, its operations %s', t.authorized_minor, d.authorized) end,
           case when t.captured_minor <> coalesce(d.captured, 0)
                then format('captured %s, its operations %s', t.captured_minor, d.captured) end,
           case when t.voided_minor <> coalesce(d.voided, 0)
                then format('voided %s, its operations %s', t.voided_minor, d.voided) end,
           case when t.refunded_minor <> coalesce(d.refunded, 0)
                then format('refunded %s, its operations %s', t.refunded_minor, d.refunded) end,
           case when d.beginnings is null then 'was never begun' end,
           case when d.sells <> (p.capture = 'automatic') then 'is not captured as the payment says' end,
           case when p.payment_id is null then 'is of no payment' end) as detail
  from tenders t
  left join payments p using (payment_id)
  left join done d using (payment_id, number)
 where t.authorized_minor <> coalesce(d.authorized, 0)
    or t.captured_minor <> coalesce(d.captured, 0)
    or t.voided_minor <> coalesce(d.voided, 0)
    or t.refunded_minor <> coalesce(d.refunded, 0)
    or d.beginnings is null
    or d.sells <> (p.capture = 'automatic')
    or p.payment_id is null
 union all
select 'pay:' || o.payment_id || ' txn:' || o.transaction_id,
       concat_ws('; ',
           case when t.payment_id is null then 'is of no tender' end,
           case when o.operation in ('authorize', 'sale') and o.amount_minor <> t.amount_minor
                then format('is for %s, its tender for %s', o.amount_minor, t.amount_minor) end,
           case when o.operation in ('capture', 'void') and o.amount_minor > t.authorized_minor
                then 'is for more than was authorized' end,
           case when o.operation = 'refund' and o.amount_minor > t.captured_minor
                then 'gives back more than was captured' end,
           case when (o.connector_key is null) <> (p.connector = 'external')
                then 'has the key of a connector where none is asked, or none where one is' end,
           case when o.connector_reference is not null and p.connector = 'external'
                then 'has the reference of a connector that was not asked' end,
           case when o.state = 'succeeded' and o.connector_reference is null and p.connector <> 'external'
                then 'succeeded, and the connector does not know it' end,
           case when p.connector = 'external' and o.state <> 'succeeded' then 'was never open, and is' end,
           case when o.updated_at < o.created_at then 'was changed before it was made' end,
           case when o.operation in ('authorize', 'sale') and o.created_at <> p.created_at
                then 'was not begun with its payment' end,
           case when o.created_at < p.created_at then 'was begun before its payment' end,
           case when o.attempts < 0 then 'has a negative number of attempts' end,
           case when o.state in ('succeeded', 'declined', 'failed') and o.due_at is not null
                then 'is over and still due' end)
  from transactions o
  left join payments p using (payment_id)
  left join tenders t on t.payment_id = o.payment_id and t.number = o.tender_number
 where t.payment_id is null
    or (o.operation in ('authorize', 'sale') and o.amount_minor <> t.amount_minor)
    or (o.operation in ('capture', 'void') and o.amount_minor > t.authorized_minor)
    or (o.operation = 'refund' and o.amount_minor > t.captured_minor)
    or (o.connector_key is null) <> (p.connector = 'external')
    or (o.connector_reference is not null and p.connector = 'external')
    or (o.state = 'succeeded' and o.connector_reference is null and p.connector <> 'external')
    or (p.connector = 'external' and o.state <> 'succeeded')
    or o.updated_at < o.created_at
    or (o.operation in ('authorize', 'sale') and o.created_at <> p.created_at)
    or o.created_at < p.created_at
    or o.attempts < 0
    or (o.state in ('succeeded', 'declined', 'failed') and o.due_at is not null)
 union all
select 'pay:' || p.payment_id,
       format('its failure is %s (%s), the last outcome of its operations %s (%s)', p.failure_code, p.failure_detail,
              o.refusal_code, o.refusal_detail)
  from payments p
  join (select distinct on (payment_id) payment_id, refusal_code, refusal_detail
          from transactions
         where state in ('succeeded', 'declined', 'failed')
         order by payment_id, transaction_id desc) as o using (payment_id)
 where p.origin = 'platform'
   and (p.failure_code, p.failure_detail) is distinct from (o.refusal_code, o.refusal_detail)
