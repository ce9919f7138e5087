-- Payments: what a buyer owes (payment_lines), by which means it is paid (tenders), and what was asked of a connector
-- for it (transactions). Safe while an older version runs: it only adds.

-- 결제 내역. One order, paid or to be paid.
create table payments (
    payment_id       uuid        not null,
    -- Who made it; an order reference is the caller's own.
    caller           text        not null,
    order_reference  text        not null,
    currency         text        not null,
    -- platform: taken through a connector, equal to its lines. external: recorded from elsewhere, may differ.
    origin           text        not null,
    connector        text        not null,
    capture          text        not null,
    -- Derived from the tenders' amounts and the operations; kept here so that SQL can guard and list by it.
    status           text        not null,
    -- What the lines add up to.
    owed_minor       bigint      not null,
    -- What the tenders add up to.
    amount_minor     bigint      not null,
    captured_minor   bigint      not null,
    -- Why the last operation was refused, if it was.
    failure_code     text,
    failure_detail   text,
    -- When the sale happened: decides the contract's version and the settlement window.
    sold_at          timestamptz not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    constraint payments_pk primary key (payment_id),
    constraint payments_order_reference_length check (char_length(order_reference) between 1 and 64),
    constraint payments_currency_code check (length(currency) = 3),
    constraint payments_origin_known check (origin in ('platform', 'external')),
    constraint payments_connector_known check (connector in ('simulator', 'external')),
    constraint payments_origin_of_connector check ((origin = 'external') = (connector = 'external')),
    constraint payments_capture_known check (capture in ('automatic', 'manual')),
    constraint payments_status_known check (status in (
        'requested', 'requires_action', 'processing', 'authorized', 'partially_captured', 'completed',
        'partially_refunded', 'refunded', 'failed', 'expired', 'canceled', 'voided')),
    constraint payments_amounts_not_negative check (owed_minor >= 0 and amount_minor >= 0 and captured_minor >= 0),
    constraint payments_platform_pays_its_lines check (origin = 'external' or owed_minor = amount_minor),
    constraint payments_failure_whole check ((failure_code is null) = (failure_detail is null))
);
-- An order reference belongs to one payment of a caller that has not failed; after a failure it may be tried again.
create unique index payments_order_reference on payments (order_reference, caller) where status <> 'failed';
-- Lists by a status that is not the usual one.
create index payments_not_completed on payments (status, payment_id) where status <> 'completed';

-- 결제 수단. A means of payment that a connector knows by a token; card numbers never come here.
create table payment_methods (
    payment_method_id  uuid        not null,
    caller             text        not null,
    connector          text        not null,
    kind               text        not null,
    token              text        not null,
    created_at         timestamptz not null,
    constraint payment_methods_pk primary key (payment_method_id),
    constraint payment_methods_token unique (caller, connector, kind, token),
    constraint payment_methods_token_length check (char_length(token) between 1 and 255)
);

-- One means by which one payment is paid. Always captured + voided <= authorized, refunded <= captured.
create table tenders (
    payment_id         uuid    not null,
    -- 1, 2, 3, ... within the payment.
    number             integer not null,
    -- Its name outside; found here through its payment.
    tender_id          uuid    not null,
    kind               text    not null,
    payment_method_id  uuid,
    amount_minor       bigint  not null,
    authorized_minor   bigint  not null default 0,
    captured_minor     bigint  not null default 0,
    voided_minor       bigint  not null default 0,
    refunded_minor     bigint  not null default 0,
    constraint tenders_pk primary key (payment_id, number),
    constraint tenders_payment_fk foreign key (payment_id) references payments,
    constraint tenders_payment_method_fk foreign key (payment_method_id) references payment_methods,
    constraint tenders_kind_known check (kind in ('card', 'bank_transfer', 'voucher', 'points', 'cash')),
    constraint tenders_amounts_not_negative check (
        amount_minor >= 0 and authorized_minor >= 0 and captured_minor >= 0 and voided_minor >= 0
        and refunded_minor >= 0),
    constraint tenders_not_beyond_authorized check (captured_minor + voided_minor <= authorized_minor),
    constraint tenders_not_beyond_captured check (refunded_minor <= captured_minor)
);

-- 트랜잭션. One operation on one tender: what was asked of the connector, and what it answered.
create table transactions (
    transaction_id       uuid        not null,
    payment_id           uuid        not null,
    tender_number        integer     not null,
    -- sale is authorize and capture in one.
    operation            text        not null,
    state                text        not null,
    amount_minor         bigint      not null,
    -- The same over every retry whose outcome is unclear: the connector does one key once. None where no connector
    -- is called.
    connector_key        text,
    -- The connector's own name for what it did.
    connector_reference  text,
    refusal_code         text,
    refusal_detail       text,
    -- Counts the copies that took it up; a late answer of an earlier one does not undo a later one's.
    attempts             integer     not null default 0,
    -- While open: when the worker takes it up, if nobody has finished it by then. Also the lease of who works on it.
    due_at               timestamptz,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    constraint transactions_pk primary key (transaction_id),
    constraint transactions_tender_fk foreign key (payment_id, tender_number) references tenders (payment_id, number),
    constraint transactions_operation_known check (operation in ('authorize', 'capture', 'sale', 'void', 'refund')),
    constraint transactions_state_known check (
        state in ('created', 'sent', 'succeeded', 'declined', 'failed', 'unknown')),
    constraint transactions_amount_not_negative check (amount_minor >= 0),
    constraint transactions_refusal_whole check (
        (state in ('declined', 'failed')) = (refusal_code is not null) and (refusal_code is null) = (refusal_detail is null)),
    -- Someone looks after whatever was sent.
    constraint transactions_sent_has_due check (state not in ('sent', 'unknown') or due_at is not null)
);
create index transactions_of_tender on transactions (payment_id, tender_number);
create unique index transactions_connector_key on transactions (connector_key) where connector_key is not null;
-- While the outcome of one operation is open, no competing one starts.
create unique index transactions_one_open on transactions (payment_id, tender_number)
    where state in ('created', 'sent', 'unknown');
create index transactions_due on transactions (due_at) where state in ('created', 'sent', 'unknown');

-- What the buyer owes, by thing and partner.
create table payment_lines (
    payment_id               uuid    not null,
    -- 1, 2, 3, ... within the payment.
    line_number              integer not null,
    partner_id               uuid    not null,
    category                 text    not null,
    unit_price_minor         bigint  not null,
    quantity                 integer not null,
    shipping_minor           bigint  not null,
    tax_free_minor           bigint  not null,
    -- Sums of the discounts below, by who funds them.
    partner_discount_minor   bigint  not null,
    platform_discount_minor  bigint  not null,
    -- [{"amount_minor": 1000, "funded_by": "partner"}, ...]
    discounts                jsonb   not null,
    constraint payment_lines_pk primary key (payment_id, line_number),
    constraint payment_lines_payment_fk foreign key (payment_id) references payments,
    constraint payment_lines_quantity_positive check (quantity >= 1),
    constraint payment_lines_amounts_not_negative check (
        unit_price_minor >= 0 and shipping_minor >= 0 and tax_free_minor >= 0 and partner_discount_minor >= 0
        and platform_discount_minor >= 0),
    constraint payment_lines_discounts_within_price check (
        partner_discount_minor::numeric + platform_discount_minor <= unit_price_minor::numeric * quantity)
);
create index payment_lines_of_partner on payment_lines (partner_id, payment_id);

-- The partners, as their service told of them.
create table known_partners (
    partner_id  uuid        not null,
    status      text        not null,
    version     integer     not null,
    updated_at  timestamptz not null,
    constraint known_partners_pk primary key (partner_id),
    constraint known_partners_status_known check (status in ('active', 'closed'))
);

-- The versions of contracts, as far as a payment needs them: whose, and for which currency.
create table known_contracts (
    contract_id  uuid    not null,
    version      integer not null,
    partner_id   uuid    not null,
    currency     text    not null,
    valid_from   date    not null,
    constraint known_contracts_pk primary key (contract_id, version),
    constraint known_contracts_currency_code check (length(currency) = 3)
);
create index known_contracts_of_partner on known_contracts (partner_id);
