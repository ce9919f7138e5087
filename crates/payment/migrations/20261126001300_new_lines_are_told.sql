-- Lines of an older version tell nothing themselves. When they are written their payment may not be there to be seen yet; when
-- they are committed it is.
create constraint trigger payment_lines_are_told after insert on payment_lines
    deferrable initially deferred
    for each row when (new.payment_amount_minor is null) execute function tell_payment_lines();

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
