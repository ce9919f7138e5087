-- Payments that are routed: whose caller names no connector, and for which rules name several in turn.
--
-- Safe while an older version runs. It adds tables and a column that the older version knows nothing of, and what is
-- allowed only grows; constraints are not checked against rows that passed narrower ones, so that nobody waits for it.
-- The older version refuses a payment without a connector. Of one that is routed it finds what it needs where it always
-- was: the payment's connector, and the means of its tenders, are those of the operation that is open or was the last,
-- since they change in the transaction that begins an operation elsewhere. It ends what it finds open, and where that
-- is refused, the payment fails without being tried elsewhere.

-- 라우팅 규칙. What operators decide about who is asked to take which payment. A version never changes; the last one
-- decides.
create table routing_tables (
    -- 1, 2, 3, ...
    version     integer     not null,
    -- The first that matches decides: [{"currency": "KRW", "connectors": [{"connector": "stripe", "weight": 1}]}, ...]
    rules       jsonb       not null,
    created_by  text        not null,
    created_at  timestamptz not null,
    constraint routing_tables_pk primary key (version),
    constraint routing_tables_version_positive check (version >= 1)
);
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is never changed: write another version instead', tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create trigger routing_tables_never_change
    before update or delete or truncate on routing_tables
    for each statement execute function refuse_change();

-- 결제 경로. The connectors that may be asked to take a payment, in the order that was decided when it was accepted.
create table payment_routes (
    payment_id       uuid    not null,
    -- 1, 2, 3, ... : one is asked where the one before it refused.
    place            integer not null,
    connector        text    not null,
    -- The routing table that decided, and the place of the rule in it; null where there was none, or none matched.
    routing_version  integer,
    rule_number      integer,
    constraint payment_routes_pk primary key (payment_id, place),
    constraint payment_routes_once unique (payment_id, connector),
    constraint payment_routes_payment_fk foreign key (payment_id) references payments,
    constraint payment_routes_version_fk foreign key (routing_version) references routing_tables,
    constraint payment_routes_place_positive check (place >= 1),
    constraint payment_routes_connector_known check (connector in ('simulator', 'stripe')),
    constraint payment_routes_rule_of_version check (
        rule_number >= 1 and routing_version is not null or rule_number is null)
);

-- What each of these connectors knows the means by that a tender is paid by.
create table payment_route_means (
    payment_id         uuid    not null,
    place              integer not null,
    tender_number      integer not null,
    payment_method_id  uuid    not null,
    constraint payment_route_means_pk primary key (payment_id, place, tender_number),
    constraint payment_route_means_route_fk foreign key (payment_id, place) references payment_routes,
    constraint payment_route_means_tender_fk foreign key (payment_id, tender_number)
        references tenders (payment_id, number),
    constraint payment_route_means_method_fk foreign key (payment_method_id) references payment_methods
);
-- Which payments may be paid by a means.
create index payment_route_means_by_method on payment_route_means (payment_method_id);

alter table transactions
    -- Who is asked; null: the payment's connector, as of every payment that is not routed.
    add column connector text,
    add constraint transactions_connector_known check (connector in ('simulator', 'stripe')) not valid,
    -- fallback: another connector refused what begins the payment.
    drop constraint transactions_cause_known,
    add constraint transactions_cause_known check (
        cause in ('order', 'fallback', 'caller', 'release', 'expiry')) not valid;
