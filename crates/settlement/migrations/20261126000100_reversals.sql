-- Refunds: a line that was given back in part or whole has lines of the opposite sign beside it, its reversals.
--
-- Safe while 0.1.0 runs. No table that it reads gets a column: it reads settlement_details by the places of the columns,
-- and an answer of another form would fail where the statement was prepared before. So what makes a line a reversal
-- stands in a table of its own. Lines of the opposite sign were always foreseen there, and it adds them up like others
-- when it settles a window. It knows nothing of reversals that wait for their line; those of lines that it prices are
-- looked for again by a newer copy. While the index below is made, writers of lines wait, and readers don't.

-- A line of a payment is priced once; its reversals, whose quantity is -1, are as many as there are refunds. Made before
-- the old rule goes, and of all lines, since it also finds those of a payment.
create unique index settlement_details_sold_once
    on settlement_details (payment_id, line_number, (case when quantity < 0 then id end)) nulls not distinct;
alter table settlement_details drop constraint settlement_details_once;

-- Which lines of settlement_details take which others back, and by which refund. Never changed and never deleted.
create table reversals (
    detail_id              uuid        not null,
    -- The original.
    reverses               uuid        not null,
    payment_id             uuid        not null,
    line_number            integer     not null,
    -- The operation that gave money back, and whether it did, or was itself taken back.
    refund_id              uuid        not null,
    outcome                text        not null,
    -- What the buyer owed for the whole line, and had got back of it before: the parts of the fee follow from that.
    owed_minor             bigint      not null,
    refunded_before_minor  bigint      not null,
    refunded_at            timestamptz not null,
    -- The day of the refund in the time zone of the contract that was in force then; decides the window.
    refunded_on            date        not null,
    constraint reversals_pk primary key (detail_id),
    constraint reversals_detail_fk foreign key (detail_id) references settlement_details (id),
    constraint reversals_reverses_fk foreign key (reverses) references settlement_details (id),
    constraint reversals_once unique (payment_id, line_number, refund_id, outcome),
    constraint reversals_of_another check (detail_id <> reverses),
    constraint reversals_outcome_known check (outcome in ('refunded', 'reversed')),
    constraint reversals_refunded_before_within check (refunded_before_minor between 0 and owed_minor)
);
create index reversals_of_original on reversals (reverses);
create trigger reversals_never_change
    before update or delete or truncate on reversals
    for each statement execute function refuse_change();

-- Reversals whose original has no price yet, or that can't be placed. Amounts are those of the part that the refund is
-- about, as it was told of: 0 or more, whatever the outcome.
create table waiting_reversals (
    -- The id that the line will have.
    id                       uuid        not null,
    payment_id               uuid        not null,
    line_number              integer     not null,
    partner_id               uuid        not null,
    currency                 text        not null,
    refund_id                uuid        not null,
    outcome                  text        not null,
    gross_minor              bigint      not null,
    tax_free_minor           bigint      not null,
    partner_discount_minor   bigint      not null,
    platform_discount_minor  bigint      not null,
    shipping_minor           bigint      not null,
    owed_minor               bigint      not null,
    refunded_before_minor    bigint      not null,
    sold_at                  timestamptz not null,
    refunded_at              timestamptz not null,
    recorded_at              timestamptz not null,
    -- Why it could not be placed, or does not fit its original; null where that has no price. Cleared when a version
    -- comes.
    problem                  text,
    constraint waiting_reversals_pk primary key (id),
    constraint waiting_reversals_once unique (payment_id, line_number, refund_id, outcome),
    constraint waiting_reversals_currency_code check (length(currency) = 3),
    constraint waiting_reversals_outcome_known check (outcome in ('refunded', 'reversed'))
);
create index waiting_reversals_of_partner on waiting_reversals (partner_id, currency);
