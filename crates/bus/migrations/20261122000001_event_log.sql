-- The event log of one service: what it published, and how far it has handled what others published.
-- Safe while an older version runs: it only adds.

-- What this service published, written in the transaction of the state it tells of.
create table bus.outbox (
    position      bigint      generated always as identity,
    -- Positions commit out of order; a reader that stays below the oldest running transaction misses nothing.
    xid           xid8        not null default pg_current_xact_id(),
    topic         text        not null,
    aggregate     text        not null,
    number        bigint      not null,
    event_id      uuid        not null default gen_random_uuid(),
    payload       jsonb       not null,
    trace_parent  text        not null,
    occurred_at   timestamptz not null,
    constraint outbox_pk primary key (position),
    constraint outbox_number_positive check (number > 0),
    -- 1, 2, 3, ... per topic and aggregate: two writers of one aggregate can't both have a number.
    constraint outbox_numbered unique (topic, aggregate, number)
);
create index outbox_in_log_order on bus.outbox (topic, xid, position);

-- How far this service has come in each topic that it listens to. Moves in the transaction of the effect.
create table bus.positions (
    topic       text        not null,
    partition   integer     not null,
    position    text        not null,
    updated_at  timestamptz not null default now(),
    constraint positions_pk primary key (topic, partition)
);

-- The last number handled of each aggregate: what is not above it is a repeat, what is not next is early.
create table bus.handled (
    topic      text   not null,
    aggregate  text   not null,
    number     bigint not null,
    constraint handled_pk primary key (topic, aggregate)
);

-- Events that could not be handled yet: early ones, dead ones, and those that wait behind a dead one.
create table bus.parked (
    topic      text        not null,
    aggregate  text        not null,
    number     bigint      not null,
    record     jsonb       not null,
    state      text        not null,
    error      text,
    attempts   integer     not null default 0,
    parked_at  timestamptz not null default now(),
    constraint parked_pk primary key (topic, aggregate, number),
    constraint parked_state_known check (state in ('waiting', 'dead', 'skipped')),
    constraint parked_dead_has_error check (state = 'waiting' or error is not null)
);
create index parked_dead on bus.parked (parked_at) where state = 'dead';
