-- Stored payment methods number $1 to $2. Number 0 pays one payment in two hundred, number 1 twenty in all; the digits of
-- these two are nobody else's.
insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at, holder_reference, brand,
                             last_four, expires_on)
select pg_temp.name(method, '2024-01-01'), 'shop-' || method % 4, 'simulator', 'card', 'tok_' || method, '2024-01-01', 'buyer-' || method,
       'visa',
       case method when 0 then '4242' when 1 then '0007'
                   else (5000 + pg_temp.share(method, 9, 5000))::text end,
       '2030-12-31'
  from generate_series($1::bigint, $2::bigint) as m (method)
