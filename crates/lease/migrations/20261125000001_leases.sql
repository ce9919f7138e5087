-- Who of several copies of a service does what only one may do.
-- Safe while an older version runs: it only adds, and an older version never asks.
create table lease.leases (
    -- What is done: `relay`, `scheduler`, ...
    name        text        not null,
    -- Which copy does it; a new name at every start.
    holder      uuid        not null,
    -- Grows with every change of hands. A write under a lower one is refused.
    token       bigint      not null,
    -- By the server's clock, so that copies need not agree on the time.
    expires_at  timestamptz not null,
    constraint leases_pk primary key (name),
    constraint leases_token_positive check (token > 0)
);
