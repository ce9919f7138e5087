-- Rows of new payments, as types that statements take arrays of.
--
-- Safe while an older version runs: it knows nothing of them. They are never changed, for a copy of this version would send
-- rows of other columns: a later version that needs others makes types of its own.

create type new_payment as (
    payment_id      uuid,
    caller          text,
    order_reference text,
    currency        text,
    origin          text,
    connector       text,
    capture         text,
    status          text,
    owed_minor      bigint,
    amount_minor    bigint,
    captured_minor  bigint,
    sold_at         timestamptz,
    return_url      text
);
-- A key with its answer, where there is one already, and the first fact that is told of its payment.
create type new_key as (
    scope        bytea,
    fingerprint  bytea,
    subject      text,
    answer       bytea,
    topic        text,
    aggregate    text,
    event        text,
    trace_parent text
);
create type new_tender as (
    payment_id        uuid,
    number            integer,
    tender_id         uuid,
    kind              text,
    payment_method_id uuid,
    amount_minor      bigint,
    authorized_minor  bigint,
    captured_minor    bigint,
    refund_rank       integer
);
create type new_means as (
    payment_method_id uuid,
    caller            text,
    connector         text,
    kind              text,
    token             text
);
create type new_operation as (
    transaction_id uuid,
    payment_id     uuid,
    tender_number  integer,
    operation      text,
    state          text,
    amount_minor   bigint,
    connector_key  text,
    due_at         timestamptz
);
create type new_line as (
    payment_id              uuid,
    line_number             integer,
    partner_id              uuid,
    category                text,
    unit_price_minor        bigint,
    quantity                integer,
    shipping_minor          bigint,
    tax_free_minor          bigint,
    partner_discount_minor  bigint,
    platform_discount_minor bigint,
    discounts               text
);
