-- Which tenders are not what their operations did, and which operations can't be right?
with op as (
    select o.*,
           coalesce(o.cause, case when o.operation in ('authorize', 'sale') then 'order' else 'caller' end) as since,
           o.state in ('created', 'sent', 'unknown', 'requires_action') as is_open
      from transactions o),
done as (
    select o.payment_id, o.tender_number as number,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded'
               and o.operation in ('authorize', 'sale', 'increment')) as authorized,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation = 'increment') as grown,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation in ('capture', 'sale'))
               as captured,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation = 'void') as voided,
           sum(o.amount_minor::numeric) filter (where o.state = 'succeeded' and o.operation = 'refund') as refunded,
           -- An older version reserves nothing, and gives no cause.
           sum(o.amount_minor) filter (where o.is_open and o.operation = 'capture' and o.cause is not null) as capturing,
           sum(o.amount_minor) filter (where o.is_open and o.operation = 'void' and o.cause is not null) as voiding,
           sum(o.amount_minor) filter (where o.is_open and o.operation = 'refund' and o.cause is not null) as refunding,
           count(*) filter (where o.operation in ('authorize', 'sale')) as beginnings,
           min(o.amount_minor) filter (where o.operation in ('authorize', 'sale')) as least_begun,
           max(o.amount_minor) filter (where o.operation in ('authorize', 'sale')) as most_begun,
           bool_or(o.operation = 'sale') as sells
      from op o
     group by o.payment_id, o.tender_number),
faulty as (
    select t.*, d.authorized, d.captured, d.voided, d.refunded, d.beginnings, d.sells, p.payment_id as of,
           coalesce(d.grown, 0) as grown,
           case when p.capture = 'manual' then false
                when p.connector = 'external' then true
                else (select count(*) from tenders other where other.payment_id = t.payment_id) = 1 end as is_to_sell,
           -- A later tender is begun once the earlier ones are held.
           p.status in ('requested', 'processing', 'requires_action', 'failed', 'canceled', 'expired') as may_wait,
           t.capturing_minor <> coalesce(d.capturing, 0) or t.voiding_minor <> coalesce(d.voiding, 0)
               or t.refunding_minor <> coalesce(d.refunding, 0) as is_reserved_otherwise,
           coalesce(d.least_begun + coalesce(d.grown, 0) <> t.amount_minor
                    or d.most_begun + coalesce(d.grown, 0) <> t.amount_minor, false) as is_for_otherwise,
           (select min(other.refund_rank) <> 1 or max(other.refund_rank) <> count(*)
                   or count(distinct other.refund_rank) <> count(*)
              from tenders other
             where other.payment_id = t.payment_id
            having count(other.refund_rank) > 0) as is_ranked_oddly
      from tenders t
      left join payments p using (payment_id)
      left join done d using (payment_id, number))
select 'pay:' || f.payment_id || ' tnd:' || f.tender_id as id,
       concat_ws('; ',
           case when f.authorized_minor <> coalesce(f.authorized, 0)
                then format('authorized %s, its operations %s', f.authorized_minor, f.authorized) end,
           case when f.captured_minor <> coalesce(f.captured, 0)
                then format('captured %s, its operations %s', f.captured_minor, f.captured) end,
           case when f.voided_minor <> coalesce(f.voided, 0)
                then format('voided %s, its operations %s', f.voided_minor, f.voided) end,
           case when f.refunded_minor <> coalesce(f.refunded, 0)
                then format('refunded %s, its operations %s', f.refunded_minor, f.refunded) end,
           case when f.is_reserved_otherwise then 'has something reserved that no open operation needs, or not enough' end,
           case when f.is_for_otherwise then 'is for another amount than its operations' end,
           case when f.beginnings is null and not f.may_wait then 'was never begun' end,
           case when f.sells <> f.is_to_sell then 'is not captured as the payment says' end,
           case when f.is_ranked_oddly then 'has no place of its own when money goes back' end,
           case when f.of is null then 'is of no payment' end) as detail
  from faulty f
 where f.authorized_minor <> coalesce(f.authorized, 0)
    or f.captured_minor <> coalesce(f.captured, 0)
    or f.voided_minor <> coalesce(f.voided, 0)
    or f.refunded_minor <> coalesce(f.refunded, 0)
    or f.is_reserved_otherwise
    or f.is_for_otherwise
    or (f.beginnings is null and not f.may_wait)
    or f.sells <> f.is_to_sell
    or f.is_ranked_oddly
    or f.of is null
 union all
select 'pay:' || w.payment_id || ' txn:' || w.transaction_id, w.detail
  from (select o.payment_id, o.transaction_id,
               concat_ws('; ',
                   case when t.payment_id is null then 'is of no tender' end,
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
                   case when p.connector = 'external'
                             and o.state in ('declined', 'failed', 'unknown', 'requires_action', 'expired')
                        then 'was refused, or waits, where nobody was asked' end,
                   case when o.updated_at < o.created_at then 'was changed before it was made' end,
                   case when o.operation in ('authorize', 'sale') and o.created_at <> p.created_at
                             and (o.tender_number = 1 or p.connector = 'external') and o.since <> 'fallback'
                        then 'was not begun with its payment' end,
                   case when o.created_at < p.created_at then 'was begun before its payment' end,
                   case when o.attempts < 0 then 'has a negative number of attempts' end,
                   case when not o.is_open and o.due_at is not null then 'is over and still due' end,
                   case when (o.since = 'caller') <> (o.change_id is not null) and o.cause is not null
                        then 'was asked for by nobody, or by someone though it is the payment''s own' end,
                   case when o.change_id is not null and c.change_id is null then 'belongs to no change of its payment' end,
                   case when c.change_id is not null and c.kind <> o.operation
                        then format('is of a %s', c.kind) end,
                   case when o.parts is not null and o.operation <> 'refund' then 'gives parts of lines back' end,
                   case when (select sum((part.value ->> 'amount_minor')::numeric)
                                from jsonb_array_elements(o.parts) as part (value)) > o.amount_minor
                        then 'gives more of its lines back than it is for' end) as detail
          from op o
          left join payments p using (payment_id)
          left join tenders t on t.payment_id = o.payment_id and t.number = o.tender_number
          left join changes c on c.change_id = o.change_id and c.payment_id = o.payment_id) as w
 where w.detail <> ''
 union all
-- A change is carried out by its operations, and for no more than was asked.
select 'pay:' || c.payment_id || ' chg:' || c.change_id,
       format('is a %s of %s, asked for by %s at %s and carried out by %s operations for %s since %s', c.kind,
              c.amount_minor, c.requested_by, c.created_at, count(o.*), coalesce(sum(o.amount_minor), 0),
              min(o.created_at))
  from changes c
  left join op o using (change_id)
 group by c.change_id
having (c.kind in ('cancel', 'resolve')) <> (c.amount_minor is null)
    or (c.kind in ('cancel', 'resolve')) <> (count(o.*) = 0)
    or coalesce(sum(o.amount_minor) filter (where o.state = 'succeeded'), 0) > c.amount_minor
    -- One that a dispute left no room for meanwhile ends before it is done.
    or (bool_and(o.state = 'succeeded') and sum(o.amount_minor) <> c.amount_minor
        and not (c.kind = 'refund'
                 and exists (select from disputes d
                              where d.payment_id = c.payment_id and (d.is_withdrawn or d.state = 'won')
                                and d.opened_at <= max(o.updated_at))))
    -- The first is begun with it.
    or min(o.created_at) <> c.created_at
    or c.requested_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
 union all
-- What a payment says of the last thing that was refused is what its operations say.
select 'pay:' || p.payment_id,
       format('its failure is %s (%s), the last outcome of its operations %s (%s)', p.failure_code, p.failure_detail,
              o.refusal_code, o.refusal_detail)
  from payments p
  join (select distinct on (payment_id) payment_id, refusal_code, refusal_detail
          from op
         where state in ('succeeded', 'declined', 'failed', 'canceled', 'expired')
           -- What is let go since the payment is given up does not tell why.
           and since <> 'release'
         order by payment_id, updated_at desc, transaction_id desc) as o using (payment_id)
 where p.origin = 'platform'
   and (p.failure_code, p.failure_detail) is distinct from (o.refusal_code, o.refusal_detail)
