-- What a partner's payments are listed by in the order of their amounts. Whoever writes a payment waits while the index is
-- made, as with any, and is refused if that takes longer than a lock is waited for.
create index payment_lines_of_partner_by_amount
    on payment_lines (partner_id, currency, payment_amount_minor, payment_id);

analyze payment_lines (currency, payment_amount_minor);
