-- What does the tender $1/$2 come to after the operation $3 succeeded for $4? The constraints of the table have the last
-- word.
with moving as (
    select case when $3::text = 'increment' then $4::bigint else 0 end as asked,
           case when $3::text in ('authorize', 'sale', 'increment') then $4::bigint else 0 end as authorized,
           case when $3::text in ('capture', 'sale') then $4::bigint else 0 end as captured,
           case when $3::text = 'void' then $4::bigint else 0 end as voided,
           case when $3::text = 'refund' then $4::bigint else 0 end as refunded)
update tenders t
   set amount_minor = t.amount_minor + m.asked,
       authorized_minor = t.authorized_minor + m.authorized,
       captured_minor = t.captured_minor + m.captured,
       voided_minor = t.voided_minor + m.voided,
       refunded_minor = t.refunded_minor + m.refunded,
       capturing_minor = 0, voiding_minor = 0, refunding_minor = 0,
       held_until = case when t.authorized_minor + m.authorized > t.captured_minor + m.captured + t.voided_minor + m.voided
                         then coalesce($5, t.held_until) end
  from moving m
 where t.payment_id = $1 and t.number = $2
