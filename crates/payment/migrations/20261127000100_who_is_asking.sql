-- While the connector of an operation of unknown outcome is asked, and may be sent it again, no person decides what became of
-- it. An older copy does not say so.
alter table transactions add column asked_until timestamptz;
