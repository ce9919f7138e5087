-- Refunds of payments that were paid over: what they give back beyond the lines comes out of suspense.
-- Safe while 0.1.0 runs: it only adds. That version shows such a break as open and whole.

-- The order of payments and their refunds is not known here, so a repayment may be there before its break, and a break
-- is not changed by it: what is left of one is its amount less all repayments of its payment.
create table break_repayments (
    -- The entry of the refund.
    entry_id      uuid        not null,
    payment_id    uuid        not null,
    -- What went back to the buyer; below 0 where the refund was reversed, and it lies in suspense again.
    amount_minor  bigint      not null,
    currency      text        not null,
    constraint break_repayments_pk primary key (entry_id),
    constraint break_repayments_entry_exists foreign key (entry_id) references journal_entries (id),
    constraint break_repayments_amount_not_zero check (amount_minor <> 0),
    constraint break_repayments_currency_code check (length(currency) = 3)
);
create index break_repayments_by_payment on break_repayments (payment_id);

-- A repayment belongs to its entry, which never changes.
create trigger break_repayments_never_change before update or delete or truncate on break_repayments
    for each statement execute function journal_refuse_change();
