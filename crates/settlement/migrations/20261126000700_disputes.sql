-- Disputes: a line of which a buyer's bank took money has lines of the opposite sign beside it, without a fee; and where
-- the bank gave it back, lines of its own sign again.
--
-- Safe while 0.1.0 runs: it only adds. What makes a line one of a dispute stands in a table of its own, as with reversals;
-- 0.1.0 adds such lines up like others when it settles a window. It knows nothing of those that wait for their line;
-- those of lines that it prices are looked for again by a newer copy.

-- Which lines of settlement_details are of disputes of which others. Never changed and never deleted.
create table disputed_lines (
    detail_id    uuid        not null,
    -- The original.
    disputes     uuid        not null,
    payment_id   uuid        not null,
    line_number  integer     not null,
    dispute_id   uuid        not null,
    -- Which change of the dispute moved the money, and which way: withdrawn by the bank, or returned by it.
    version      integer     not null,
    funds        text        not null,
    changed_at   timestamptz not null,
    -- The day of the change in the time zone of the contract that was in force then; decides the window.
    changed_on   date        not null,
    constraint disputed_lines_pk primary key (detail_id),
    constraint disputed_lines_detail_fk foreign key (detail_id) references settlement_details (id),
    constraint disputed_lines_disputes_fk foreign key (disputes) references settlement_details (id),
    constraint disputed_lines_once unique (payment_id, line_number, dispute_id, version),
    constraint disputed_lines_of_another check (detail_id <> disputes),
    constraint disputed_lines_version_positive check (version >= 1),
    constraint disputed_lines_funds_known check (funds in ('withdrawn', 'returned'))
);
create index disputed_lines_of_original on disputed_lines (disputes);
create trigger disputed_lines_never_change
    before update or delete or truncate on disputed_lines
    for each statement execute function refuse_change();

-- Those whose original has no price yet, or that can't be placed.
create table waiting_disputed_lines (
    -- The id that the line will have.
    id              uuid        not null,
    payment_id      uuid        not null,
    line_number     integer     not null,
    partner_id      uuid        not null,
    currency        text        not null,
    dispute_id      uuid        not null,
    version         integer     not null,
    funds           text        not null,
    -- More than 0, whichever way it went.
    disputed_minor  bigint      not null,
    sold_at         timestamptz not null,
    changed_at      timestamptz not null,
    recorded_at     timestamptz not null,
    -- Why it could not be placed, or does not fit its original; null where that has no price. Cleared when a version
    -- comes.
    problem         text,
    constraint waiting_disputed_lines_pk primary key (id),
    constraint waiting_disputed_lines_once unique (payment_id, line_number, dispute_id, version),
    constraint waiting_disputed_lines_currency_code check (length(currency) = 3),
    constraint waiting_disputed_lines_funds_known check (funds in ('withdrawn', 'returned')),
    constraint waiting_disputed_lines_disputed_positive check (disputed_minor > 0)
);
create index waiting_disputed_lines_of_partner on waiting_disputed_lines (partner_id, currency);
