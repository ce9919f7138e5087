-- What every partner is owed: what is known of partners and contracts, priced lines, windows, statements.
-- Safe while an older version runs: it only adds.
--
-- Amounts are bigint minor units of the row's currency, dates are business days of the contract's time zone.

-- What the partner service told of each partner; the greatest version counts.
create table known_partners (
    partner_id   uuid        not null,
    reference    text        not null,
    name         text        not null,
    kind         text        not null,
    status       text        not null,
    version      integer     not null,
    recorded_at  timestamptz not null,
    constraint known_partners_pk primary key (partner_id),
    constraint known_partners_kind_known check (kind in ('company', 'individual')),
    constraint known_partners_status_known check (status in ('active', 'closed'))
);

-- Every version of every contract, for ever: a line is priced by the version in force when it was sold.
create table known_contract_versions (
    contract_id  uuid        not null,
    version      integer     not null,
    partner_id   uuid        not null,
    currency     text        not null,
    valid_from   date        not null,
    -- The first instant of valid_from in the terms' time zone.
    starts_at    timestamptz not null,
    terms        jsonb       not null,
    recorded_at  timestamptz not null,
    constraint known_contract_versions_pk primary key (contract_id, version),
    constraint known_contract_versions_currency_code check (length(currency) = 3),
    constraint known_contract_versions_version_positive check (version > 0)
);
create index known_contract_versions_of_partner
    on known_contract_versions (partner_id, currency, valid_from, version);

-- 정산 스케줄: the cycle under which a partner is settled now, the next day on which a window closes, and when that
-- window is to be paid. The scheduler works a row out anew when changes_at has come.
create table settlement_schedules (
    id                uuid        not null,
    partner_id        uuid        not null,
    currency          text        not null,
    contract_id       uuid        not null,
    contract_version  integer     not null,
    time_zone         text        not null,
    cycle             jsonb       not null,
    payout            jsonb       not null,
    holidays          text        not null,
    window_starts_on  date,
    next_closing_on   date,
    closes_at         timestamptz,
    due_on            date,
    calendar_version  text,
    -- The window's end, or the first instant of a later contract version, whichever is first; null where nothing
    -- is to come.
    changes_at        timestamptz,
    -- Why there is no next closing day or no due date.
    problem           text,
    updated_at        timestamptz not null,
    constraint settlement_schedules_pk primary key (id),
    constraint settlement_schedules_one_a_currency unique (partner_id, currency),
    constraint settlement_schedules_currency_code check (length(currency) = 3),
    constraint settlement_schedules_complete_or_says_why check (due_on is not null or problem is not null)
);
create index settlement_schedules_by_change on settlement_schedules (changes_at);

-- What earlier statements of a partner left over, and the last day up to which its windows are settled.
-- Writing lines holds this row for share, settling holds it for update: so no line slips into a settled window.
create table carry_balances (
    partner_id      uuid        not null,
    currency        text        not null,
    balance_minor   bigint      not null default 0,
    -- No line goes into a window that ends on or before this day.
    closed_through  date,
    updated_at      timestamptz not null,
    constraint carry_balances_pk primary key (partner_id, currency),
    constraint carry_balances_currency_code check (length(currency) = 3)
);

-- A run of days of one partner and currency whose lines make one statement. Made when a line needs it.
create table windows (
    id            uuid        not null,
    partner_id    uuid        not null,
    currency      text        not null,
    starts_on     date        not null,
    ends_on       date        not null,
    time_zone     text        not null,
    -- The first instant after its last day.
    ends_at       timestamptz not null,
    state         text        not null default 'open',
    created_at    timestamptz not null,
    requested_at  timestamptz,
    settled_at    timestamptz,
    constraint windows_pk primary key (id),
    constraint windows_one_a_span unique (partner_id, currency, starts_on, ends_on, time_zone),
    constraint windows_currency_code check (length(currency) = 3),
    constraint windows_ends_after_start check (ends_on >= starts_on),
    constraint windows_state_known check (state in ('open', 'requested', 'settled')),
    constraint windows_settled_has_time check ((state = 'settled') = (settled_at is not null))
);
create index windows_open on windows (ends_at, id) where state = 'open';
create index windows_requested on windows (requested_at) where state = 'requested';
create index windows_unsettled on windows (partner_id, currency, ends_at) where state <> 'settled';

-- 정산 상세: priced lines, with every step of their price. Never changed and never deleted.
-- There is no foreign key to windows: a check a row would cost more than the row, and windows are never deleted.
create table settlement_details (
    id                       uuid        not null,
    payment_id               uuid        not null,
    line_number              integer     not null,
    partner_id               uuid        not null,
    currency                 text        not null,
    category                 text        not null,
    unit_price_minor         bigint      not null,
    quantity                 integer     not null,
    -- G = price x quantity, VAT included, and the part of it that is free of VAT.
    gross_minor              bigint      not null,
    tax_free_minor           bigint      not null,
    -- Dp and Dm.
    partner_discount_minor   bigint      not null,
    platform_discount_minor  bigint      not null,
    -- B.
    fee_base                 text        not null,
    fee_base_minor           bigint      not null,
    fee_rate_ppm             integer     not null,
    -- The three parts of F: rate x B within its minimum and maximum, the flat fee, and the share of shipping.
    share_fee_minor          bigint      not null,
    flat_fee_minor           bigint      not null,
    shipping_fee_minor       bigint      not null,
    fee_minor                bigint      not null,
    fee_vat_rate_ppm         integer     not null,
    fee_vat_minor            bigint      not null,
    fee_vat_borne_by         text        not null,
    shipping_minor           bigint      not null,
    net_minor                bigint      not null,
    rounding                 text        not null,
    contract_id              uuid        not null,
    contract_version         integer     not null,
    window_id                uuid        not null,
    sold_at                  timestamptz not null,
    -- The day of the sale in the contract's time zone.
    sold_on                  date        not null,
    recorded_at              timestamptz not null,
    calendar_version         text        not null,
    constraint settlement_details_pk primary key (id),
    constraint settlement_details_once unique (payment_id, line_number),
    constraint settlement_details_currency_code check (length(currency) = 3),
    constraint settlement_details_fee_base_known
        check (fee_base in ('gross', 'less_partner_discounts', 'less_all_discounts')),
    constraint settlement_details_bearer_known check (fee_vat_borne_by in ('partner', 'platform')),
    constraint settlement_details_rounding_known check (rounding in ('down', 'up', 'half_up', 'half_even')),
    constraint settlement_details_fee_is_its_parts
        check (fee_minor = share_fee_minor + flat_fee_minor + shipping_fee_minor),
    -- Net = G - Dp - F - VAT on top + shipping.
    constraint settlement_details_net_adds_up
        check (net_minor = gross_minor - partner_discount_minor - fee_minor + shipping_minor
                           - case fee_vat_borne_by when 'partner' then fee_vat_minor else 0 end)
);
create index settlement_details_of_window on settlement_details (window_id, id);

-- Lines that can't be priced yet: no contract was in force, or the one in force does not know what to do with them.
create table waiting_lines (
    -- The id that the priced line will have.
    id                       uuid        not null,
    payment_id               uuid        not null,
    line_number              integer     not null,
    partner_id               uuid        not null,
    currency                 text        not null,
    category                 text        not null,
    unit_price_minor         bigint      not null,
    quantity                 integer     not null,
    tax_free_minor           bigint      not null,
    partner_discount_minor   bigint      not null,
    platform_discount_minor  bigint      not null,
    shipping_minor           bigint      not null,
    sold_at                  timestamptz not null,
    recorded_at              timestamptz not null,
    -- Why a contract in force could not price it; null where none was in force. Cleared when a version comes.
    problem                  text,
    constraint waiting_lines_pk primary key (id),
    constraint waiting_lines_once unique (payment_id, line_number),
    constraint waiting_lines_currency_code check (length(currency) = 3)
);
create index waiting_lines_of_partner on waiting_lines (partner_id, currency, sold_at);

-- Whose waiting lines are to be looked at again. Only ever appended to and deleted from by id, so that a request
-- made while another one of the same partner is being worked on is not lost.
create table pricing_requests (
    id          bigint generated always as identity,
    partner_id  uuid   not null,
    currency    text   not null,
    constraint pricing_requests_pk primary key (id)
);

-- 정산 정보: the statement of a window. Never changed and never deleted.
create table settlements (
    id                       uuid        not null,
    window_id                uuid        not null,
    partner_id               uuid        not null,
    currency                 text        not null,
    starts_on                date        not null,
    ends_on                  date        not null,
    time_zone                text        not null,
    due_on                   date        not null,
    calendar_version         text        not null,
    -- The contract version in force on the window's last day: it gave the due date and the minimum payout.
    contract_id              uuid        not null,
    contract_version         integer     not null,
    line_count               bigint      not null,
    gross_minor              bigint      not null,
    partner_discount_minor   bigint      not null,
    platform_discount_minor  bigint      not null,
    fee_minor                bigint      not null,
    -- All VAT on fees, and the part of it that the partner bears on top.
    fee_vat_minor            bigint      not null,
    fee_vat_on_top_minor     bigint      not null,
    shipping_minor           bigint      not null,
    -- The sum of the lines' net.
    earned_minor             bigint      not null,
    carried_in_minor         bigint      not null,
    minimum_payout_minor     bigint      not null,
    payable_minor            bigint      not null,
    carried_out_minor        bigint      not null,
    settled_at               timestamptz not null,
    constraint settlements_pk primary key (id),
    constraint settlements_one_a_window unique (window_id),
    constraint settlements_window_fk foreign key (window_id) references windows (id),
    constraint settlements_currency_code check (length(currency) = 3),
    constraint settlements_has_lines check (line_count > 0),
    constraint settlements_earned_adds_up
        check (earned_minor = gross_minor - partner_discount_minor - fee_minor - fee_vat_on_top_minor
                              + shipping_minor),
    constraint settlements_carry_adds_up
        check (earned_minor::numeric + carried_in_minor = payable_minor::numeric + carried_out_minor),
    constraint settlements_payable_not_negative check (payable_minor >= 0),
    constraint settlements_paid_or_carried check (payable_minor = 0 or carried_out_minor = 0)
);
create index settlements_of_partner on settlements (partner_id, id);

-- While one of these lasts, nothing is requested: an import is still sending lines of the past.
create table holds (
    id             uuid        not null,
    -- Grows with every hold, so that one which came and went unseen is noticed.
    generation     bigint      generated always as identity,
    reason         text        not null,
    held_by        text        not null,
    lease_seconds  integer     not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    released_at    timestamptz,
    constraint holds_pk primary key (id),
    constraint holds_lease_short check (lease_seconds between 1 and 600)
);
create index holds_running on holds (expires_at) where released_at is null;

-- What is priced and what is settled stays as it is; a mistake is mended by another line.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is never changed: write another line instead', tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create trigger settlement_details_never_change
    before update or delete or truncate on settlement_details
    for each statement execute function refuse_change();
create trigger settlements_never_change
    before update or delete or truncate on settlements
    for each statement execute function refuse_change();
