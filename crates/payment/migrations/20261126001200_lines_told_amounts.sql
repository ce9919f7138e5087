-- The lines that there are are told their payment's currency and amount.
--
-- Takes minutes with ten million payments. Lines are read and added meanwhile; who changes one, for a refund, waits.
-- What told its amount since then is left as it is: an increment may be newer than what is seen here.
update payment_lines l
   set currency = p.currency, payment_amount_minor = p.amount_minor
  from payments p
 where p.payment_id = l.payment_id and l.payment_amount_minor is null;
