-- Which payments have another status than their tenders and operations give?
with op as (
    select o.payment_id, o.tender_number, o.operation, o.state, o.ending,
           coalesce(o.cause, case when o.operation in ('authorize', 'sale') then 'order' else 'caller' end) as cause,
           o.created_at, o.transaction_id
      from transactions o),
-- The operation of the order that was refused last, where none did the same in its place.
gone as (
    select distinct on (o.payment_id) o.payment_id, o.state
      from op o
     where o.cause in ('order', 'fallback') and o.state in ('declined', 'failed', 'canceled', 'expired')
       and not exists (select from op other
                        where other.payment_id = o.payment_id and other.tender_number = o.tender_number
                          and other.operation = o.operation and other.cause in ('order', 'fallback')
                          and other.state = 'succeeded')
     order by o.payment_id, o.created_at desc, o.transaction_id desc),
operation as (
    select payment_id,
           bool_or(state = 'requires_action' and ending is null) as waits,
           bool_or(state in ('sent', 'unknown', 'requires_action')) as in_motion,
           bool_or(state = 'created') as written_down,
           bool_and(state = 'created') as nothing_else,
           bool_or(operation = 'refund' and state = 'succeeded') as gave_back,
           -- What a payment gave back since it failed may come back later, and goes once more; and what a bank had then, and
           -- returned since, goes at last. Whether that was before it failed is not known here.
           (bool_or(operation = 'refund' and cause = 'release' and state = 'failed')
                or exists (select from disputes d
                            where d.payment_id = op.payment_id and d.state in ('won', 'warning_closed') and not d.is_withdrawn))
               and bool_and(cause = 'release' or state not in ('created', 'sent', 'unknown', 'requires_action')) as goes_once_more,
           bool_or(operation in ('capture', 'sale') and state = 'succeeded') as took,
           bool_or(operation = 'void' and state = 'succeeded') as let_go,
           (array_agg(cause order by created_at desc, transaction_id desc)
               filter (where operation = 'void' and state = 'succeeded'))[1] as let_go_since,
           bool_or(operation = 'authorize' and state = 'succeeded') as held
      from op
     group by payment_id),
tender as (
    select payment_id,
           sum(captured_minor::numeric) as captured,
           sum(refunded_minor::numeric) as refunded,
           sum(authorized_minor::numeric - captured_minor - voided_minor) as held
      from tenders
     group by payment_id),
derived as (
    select p.payment_id, p.status,
           case when p.status = 'failed' and g.state in ('declined', 'failed') and o.goes_once_more then 'failed'
                when o.waits then 'requires_action'
                when o.in_motion then 'processing'
                when o.written_down and o.nothing_else then 'requested'
                when o.written_down then 'processing'
                when g.state in ('canceled', 'expired') then g.state
                when g.state is not null then 'failed'
                when o.gave_back and t.refunded = t.captured then 'refunded'
                when o.gave_back then 'partially_refunded'
                when o.took and t.held > 0 then 'partially_captured'
                when o.took then 'completed'
                when o.let_go and t.held = 0 and o.let_go_since = 'expiry' then 'expired'
                when o.let_go and t.held = 0 then 'voided'
                when o.held then 'authorized'
                else 'requested' end as follows
      from payments p
      left join operation o using (payment_id)
      left join gone g using (payment_id)
      left join tender t using (payment_id))
select 'pay:' || payment_id as id, format('is %s; from its operations follows %s', status, follows) as detail
  from derived
 where status <> follows
