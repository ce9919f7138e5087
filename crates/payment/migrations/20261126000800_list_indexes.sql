-- Lists that took seconds with ten million payments: by amount in a currency that is not the one with the great numbers,
-- and by the last digits of what was paid with.
--
-- As many indexes as before, since a payment that is accepted pays for each: two make place for two that also hold what
-- lists are ordered by. Safe while an older version runs: its lists by amount name a currency too, and its search by the
-- last digits reads the method first.

-- Won are counted in thousands where dollars are counted in tens: the largest payments in dollars stood behind nearly
-- all in won.
create index payments_by_currency_and_amount on payments (currency, amount_minor, payment_id);
drop index payments_by_amount;

-- The newest payments of each method come from here in their order, without a look at the others. Payments without a
-- method, as all that are recorded from elsewhere, have no place in it.
create index tenders_by_method_and_payment on tenders (payment_method_id, payment_id)
    where payment_method_id is not null;
drop index tenders_by_method;

-- No index by status and amount: rare statuses are few rows to sort, frequent ones come soon in the order of amounts.
