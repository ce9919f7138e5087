-- Which open operations is nobody looking after? They are leased until $2 to whoever asks.
with due as (
    select t.transaction_id, t.state
      from transactions t
      join payments p using (payment_id)
     where t.state in ('created', 'sent', 'unknown', 'requires_action')
       and t.due_at <= $1
       and ($4::uuid is null or t.payment_id = $4)
     order by t.due_at
     limit $3
       -- The payment too, in one go: who ends an operation locks the payment first and then the operation.
       for update of t, p skip locked
), taken as (
    update transactions t
       set state = case t.state when 'created' then 'sent' else t.state end,
           due_at = $2, asked_until = $2, attempts = t.attempts + 1, updated_at = $1,
           -- The buyer did not act in time: the connector is to give it up.
           ending = case when t.state = 'requires_action' and t.action_until <= $1 then coalesce(t.ending, 'expired')
                         else t.ending end
      from due
     where t.transaction_id = due.transaction_id
    returning t.*, due.state <> 'created' as was_sent
), moved as (
    update payments p
       set status = 'processing', updated_at = $1
      from taken
     where p.payment_id = taken.payment_id and p.status = 'requested'
)
select taken.transaction_id as "transaction_id!", taken.payment_id as "payment_id!",
       taken.tender_number as "tender_number!", coalesce(taken.connector, p.connector) as "connector!", p.currency as "currency!",
       taken.operation as "operation!", taken.change_id, taken.was_sent as "was_sent!",
       taken.amount_minor as "amount_minor!", taken.connector_key, taken.attempts as "attempts!", taken.ending,
       taken.action_until, m.token as "token?", p.return_url,
       coalesce(taken.connector_reference,
                (select earlier.connector_reference
                   from transactions earlier
                  where earlier.payment_id = taken.payment_id and earlier.tender_number = taken.tender_number
                    and earlier.operation in ('authorize', 'sale') and earlier.state = 'succeeded'
                  order by earlier.created_at desc
                  limit 1)) as charge
  from taken
  join payments p using (payment_id)
  join tenders on tenders.payment_id = taken.payment_id and tenders.number = taken.tender_number
  left join payment_methods m on m.payment_method_id = tenders.payment_method_id
