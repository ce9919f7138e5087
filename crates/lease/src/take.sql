-- Which token does this copy have now, if any?
with extended as (
    update lease.leases
       set expires_at = clock_timestamp() + make_interval(secs => $3::bigint / 1000.0)
     where name = $1 and holder = $2
    returning token
), succeeded as (
    update lease.leases
       set holder = $2, token = token + 1,
           expires_at = clock_timestamp() + make_interval(secs => $3::bigint / 1000.0)
     where name = $1 and holder <> $2 and expires_at < clock_timestamp()
    returning token
), first as (
    insert into lease.leases (name, holder, token, expires_at)
    select $1, $2, 1, clock_timestamp() + make_interval(secs => $3::bigint / 1000.0)
     where not exists (select from lease.leases where name = $1)
        -- By another copy in this very moment, or by this one.
        on conflict on constraint leases_pk do update
       set expires_at = excluded.expires_at
     where leases.holder = excluded.holder
    returning token
)
select token as "token!", set_config('idle_in_transaction_session_timeout', $4, true) as "limit!"
  from (table extended union all table succeeded union all table first) as taken
