-- Idempotency keys: what was asked under a key, and what was answered.
-- Safe while an older version runs: it only adds.
create table once.keys (
    -- SHA-256 of caller, route and key.
    scope        bytea       not null,
    -- SHA-256 of the canonical body.
    fingerprint  bytea       not null,
    -- What the request made, so that recovery finds it when the answer was never written.
    subject      text,
    status       smallint,
    answer       bytea,
    claimed_at   timestamptz not null default now(),
    lease_until  timestamptz not null,
    -- Which claim this is: a claim that took over a dead one has the next number, and the dead one's late answer
    -- is refused.
    fence        integer     not null default 1,
    constraint keys_pk primary key (scope),
    constraint keys_answered_whole check ((status is null) = (answer is null))
);
create index keys_by_age on once.keys (claimed_at);
