-- Who extends a lease changes no key of its row, and who takes it over does. So a transaction that holds the row `for
-- key share` keeps a successor out, and its own copy can extend the lease meanwhile.
-- Safe while an older version runs: the pair is as unique as the name.
alter table lease.leases add constraint leases_fenced unique (name, token);
