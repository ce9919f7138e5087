-- Which payments have another status than their tenders and operations give?
with operation as (
    select payment_id,
           bool_or(state in ('sent', 'unknown')) as in_motion,
           bool_or(state = 'created') as written_down,
           bool_or(operation = 'refund' and state = 'succeeded') as gave_back,
           bool_or(operation in ('capture', 'sale') and state = 'succeeded') as took,
           bool_or(operation = 'void' and state = 'succeeded') as let_go,
           bool_or(operation = 'authorize' and state = 'succeeded') as held,
           bool_or(state in ('declined', 'failed')) as refused
      from transactions
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
           case when o.in_motion then 'processing'
                when o.written_down then 'requested'
                when o.gave_back and t.refunded = t.captured then 'refunded'
                when o.gave_back then 'partially_refunded'
                when o.took and t.held > 0 then 'partially_captured'
                when o.took then 'completed'
                when o.let_go and t.held = 0 then 'voided'
                when o.held then 'authorized'
                when o.refused then 'failed'
                else 'requested' end as follows
      from payments p
      left join operation o using (payment_id)
      left join tender t using (payment_id))
select 'pay:' || payment_id as id, format('is %s; from its operations follows %s', status, follows) as detail
  from derived
 where status <> follows
