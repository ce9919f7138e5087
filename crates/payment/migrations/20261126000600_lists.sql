-- Lists by amount, and those that failed by their order reference. Safe while an older version runs: it only adds.
create index payments_by_amount on payments (amount_minor, payment_id);
create index payments_failed_by_reference on payments (order_reference) where status = 'failed';
-- And by the last digits of what they were paid with.
create index tenders_by_method on tenders (payment_method_id) where payment_method_id is not null;
