-- Which payments are there, since when, and which of them wait for their event to be worked on?
select p.payment_id::text,
       (extract(epoch from p.created_at) * 1000000)::bigint || ' ' ||
       case when p.origin = 'external' then 'recorded'
            when exists (select from transactions t
                          where t.payment_id = p.payment_id and t.state = 'created' and t.due_at is null) then 'waits'
            else 'made' end
  from payments p
 order by p.payment_id
