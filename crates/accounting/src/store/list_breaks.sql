-- Which breaks are there, newest first, and what did refunds give back of each? One of which nothing is left is resolved.
select b.entry_id as "entry_id!", b.payment_id as "payment_id!", b.kind as "kind!", b.amount_minor as "amount_minor!",
       b.repaid as "repaid!", b.currency as "currency!", b.state as "state!", b.found_at as "found_at!"
  from (select entry_id, payment_id, kind, amount_minor, currency, found_at, repaid,
               case when repaid = amount_minor then 'resolved' else state end as state
          from breaks
         cross join lateral (select coalesce(sum(r.amount_minor), 0)::bigint as repaid
                               from break_repayments r
                              where r.payment_id = breaks.payment_id and breaks.kind = 'over') as back) as b
 where ($1::text is null or b.kind = $1)
   and ($2::text is null or b.state = $2)
   and ($3::uuid is null or b.entry_id < $3)
 order by b.entry_id desc
 limit $4
