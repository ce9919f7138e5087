-- no-transaction
-- The lines that there are are told their payment's currency and amount. It takes minutes with ten million payments, and goes on
-- where it was ended. What waits for a line, a refund for example, waits for a part of them only.
do $$
declare
    done uuid := '00000000-0000-0000-0000-000000000000';
    next uuid;
begin
    -- For these bounds: a plan for any would read both tables for each part.
    perform set_config('plan_cache_mode', 'force_custom_plan', false);
    loop
        select payment_id into next
          from (select payment_id from payments where payment_id > done order by payment_id limit 5000) as part
         order by payment_id desc limit 1;
        exit when next is null;
        update payment_lines l
           set currency = p.currency, payment_amount_minor = p.amount_minor
          from payments p
         where p.payment_id > done and p.payment_id <= next
           and l.payment_id > done and l.payment_id <= next
           and p.payment_id = l.payment_id
           -- What was told since then is left as it is: an increment may be newer than what is seen here.
           and l.payment_amount_minor is null;
        commit;
        done := next;
    end loop;
end $$;
