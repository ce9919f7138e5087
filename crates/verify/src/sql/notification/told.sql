-- What were people told about each subject?
select subject,
       string_agg(format('[event=%s kind=%s title=%s body=%s occurred_at=%s]', event_id, kind, title, body,
                         (extract(epoch from occurred_at) * 1000000)::bigint),
                  ' ' order by event_id)
  from notifications
 where case when kind = 'payment_failed' then 'payment-failed'
            when kind like 'dispute\_%' then 'dispute-changed'
            else 'user-changed' end = ':topic'
 group by subject
 order by subject
