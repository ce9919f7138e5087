-- A partner's payments by amount: with ten million payments a page took a second where the partner has many of them, for
-- each was looked up. Its lines tell what they are sorted by now.
--
-- Safe while an older version runs: what it changes of a payment's amount, and what it writes without these columns, is told
-- by the triggers of the next two migrations, and what it wrote before by the one after them. Each of these locks one table
-- only: payments are written to both, in one order or the other.
alter table payment_lines
    add column currency text,
    add column payment_amount_minor bigint;
