-- An increment is granted, and its payment becomes larger: its lines are told.
create function tell_payment_lines() returns trigger language plpgsql as $$
begin
    update payment_lines l
       set currency = p.currency, payment_amount_minor = p.amount_minor
      from payments p
     where l.payment_id = new.payment_id and p.payment_id = l.payment_id
       -- Lines that an older version adds are told once, and not for each of them.
       and (l.currency, l.payment_amount_minor) is distinct from (p.currency, p.amount_minor);
    return null;
end $$;

create trigger payments_tell_their_amount after update of amount_minor on payments
    for each row when (new.amount_minor <> old.amount_minor) execute function tell_payment_lines();
