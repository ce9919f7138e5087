-- What a partner's payments are listed by in the order of their amounts. Whoever writes a payment waits while the index is
-- made, as with any.
create index payment_lines_of_partner_by_amount
    on payment_lines (partner_id, currency, payment_amount_minor, payment_id);
