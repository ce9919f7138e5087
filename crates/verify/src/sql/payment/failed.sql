-- What is told of each payment that failed for good?
select payment_id::text,
       format('reference=%s currency=%s amount=%s reason=%s failed_at=%s', order_reference, currency, amount_minor,
              coalesce(failure_code, 'connector_failed'), (extract(epoch from updated_at) * 1000000)::bigint)
  from payments
 where status = 'failed'
 order by payment_id
