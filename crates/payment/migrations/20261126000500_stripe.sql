-- Payments through Stripe.
--
-- Safe while an older version runs: what is allowed only grows, and the constraint is not checked against rows that
-- passed a narrower one, so that nobody waits for it. An older version can't read a payment through Stripe, and leaves it
-- alone; such payments exist once payment.stripe_secret_key is set, which is done when every copy runs this version.
alter table payments
    drop constraint payments_connector_known,
    add constraint payments_connector_known check (connector in ('simulator', 'stripe', 'external')) not valid;
