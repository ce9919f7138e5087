-- Which payment the charge of a dispute began: without this index every dispute that a connector tells of reads all
-- transactions.
--
-- Safe while an older version runs: it looks a charge up by the same condition, and finds it along the index too. Whoever
-- writes a payment waits while the index is made, as with any, and is refused if that takes longer than a lock is waited for.
-- Made concurrently it would keep nobody waiting, but would wait itself for all who read, among them the copies that wait for
-- its migrations to end. Broken off it would leave an index that is never used, and that the next attempt takes for a whole one.
create index transactions_begun_by_reference on transactions (connector_reference)
    where operation in ('authorize', 'sale') and connector_reference is not null;
