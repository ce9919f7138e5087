-- A partner's payments by amount: with ten million payments a page took a second where the partner has many of them, for
-- each was looked up. Its lines tell what they are sorted by now.
--
-- Safe while an older version runs: what it writes without these columns is completed when it commits, and what it changes
-- of a payment's amount is changed here too. The next two migrations fill the lines that there are, and make the index:
-- nobody has to wait for these columns meanwhile.
alter table payment_lines
    add column currency text,
    add column payment_amount_minor bigint;

create function complete_payment_lines() returns trigger language plpgsql as $$
begin
    update payment_lines l
       set currency = p.currency, payment_amount_minor = p.amount_minor
      from payments p
     where l.payment_id = new.payment_id and p.payment_id = l.payment_id;
    return null;
end $$;

create constraint trigger payment_lines_completed after insert on payment_lines
    deferrable initially deferred
    for each row when (new.payment_amount_minor is null) execute function complete_payment_lines();

-- An increment is granted: its payment becomes larger.
create trigger payment_lines_of_new_amount after update on payments
    for each row when (new.amount_minor <> old.amount_minor) execute function complete_payment_lines();

-- A row of `payment_lines`, in place of `new_line`, which a copy of a version before this one still sends.
create type new_owed_line as (
    payment_id              uuid,
    line_number             integer,
    partner_id              uuid,
    category                text,
    unit_price_minor        bigint,
    quantity                integer,
    shipping_minor          bigint,
    tax_free_minor          bigint,
    partner_discount_minor  bigint,
    platform_discount_minor bigint,
    discounts               text,
    currency                text,
    payment_amount_minor    bigint
);
