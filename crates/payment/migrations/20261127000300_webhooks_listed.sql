-- The newest webhooks of each connector and state, in the order of their list. Safe while an older version runs: it only adds.
--
-- Not made concurrently: what ends half-way then leaves an index behind that is written and never read, and the next try would
-- take it for this one; and it would wait for copies that wait for these migrations. While it is made, seconds with a million
-- webhooks, no payment waits. A webhook that comes does, and one that is refused is sent again by its connector.
create index webhooks_listed on webhooks (connector, state, received_at, event_id);
