-- Which idempotency keys are not whole?
select encode(scope, 'hex') as id,
       concat_ws('; ',
           case when length(scope) <> 32 then 'the scope is no SHA-256' end,
           case when length(fingerprint) <> 32 then 'the fingerprint is no SHA-256' end,
           case when status not between 200 and 599 or status in (400, 401, 403, 409, 422, 429)
                then format('the answer %s is none that is kept', status) end,
           case when lease_until < claimed_at then 'the lease ends before it begins' end,
           case when fence < 1 then 'the claim has no number' end) as detail
  from once.keys
 where length(scope) <> 32
    or length(fingerprint) <> 32
    or status not between 200 and 599
    or status in (400, 401, 403, 409, 422, 429)
    or lease_until < claimed_at
    or fence < 1
