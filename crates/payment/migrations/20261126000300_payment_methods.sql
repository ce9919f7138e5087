-- Payment methods that a caller adds for a holder, lists and detaches.
--
-- Safe while an older version runs: it adds columns that the older version leaves null or at their defaults. A row of
-- the older version is what it was, a token that a payment was seen with: it is attached to nobody, and no list has it.
-- What the older version does not know is that a token was detached; it would still pay with it, as it does with every
-- token that it is given.

alter table payment_methods
    -- Whose it is, as the caller calls the buyer. Null: nobody added it, it was only seen in a payment.
    add column holder_reference  text,
    add column brand             text,
    add column last_four         text,
    -- The last day of the month in which it can be used last.
    add column expires_on        date,
    -- The one that the holder pays with unless another one is named.
    add column is_default        boolean not null default false,
    -- Since when no new payment may use it. The row stays for the payments that were made by it: what they hold is still
    -- captured and given back.
    add column detached_at       timestamptz,
    add constraint payment_methods_holder_reference_length check (char_length(holder_reference) between 1 and 64),
    add constraint payment_methods_brand_length check (char_length(brand) between 1 and 32),
    add constraint payment_methods_last_four_digits check (last_four ~ '^[0-9]{4}$'),
    add constraint payment_methods_expires_on_end_of_month check (extract(day from expires_on + 1) = 1),
    -- Only what was added has details.
    add constraint payment_methods_details_of_added check (
        holder_reference is not null
        or (brand is null and last_four is null and expires_on is null and not is_default and detached_at is null)),
    add constraint payment_methods_default_is_attached check (not is_default or detached_at is null),
    add constraint payment_methods_detached_later check (detached_at >= created_at);

-- One default for each holder of a caller.
create unique index payment_methods_one_default on payment_methods (caller, holder_reference) where is_default;
-- Lists of a holder's, and of all of a caller's, newest first.
create index payment_methods_of_holder on payment_methods (caller, holder_reference, payment_method_id)
    where holder_reference is not null and detached_at is null;
create index payment_methods_of_caller on payment_methods (caller, payment_method_id)
    where holder_reference is not null and detached_at is null;
-- Searches by the last four digits.
create index payment_methods_last_four on payment_methods (last_four, payment_method_id) where last_four is not null;
