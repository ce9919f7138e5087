-- Partners, their contracts, the versions of those, and the commissions that each version says.
-- Safe while an older version runs: it only adds.

-- Who sells on the marketplace.
create table partners (
    id          uuid        not null,
    -- The operator's own name for it.
    reference   text        not null,
    name        text        not null,
    kind        text        not null,
    status      text        not null default 'active',
    -- Counts its changes from 1.
    version     integer     not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint partners_pk primary key (id),
    constraint partners_reference_unique unique (reference),
    constraint partners_reference_length check (length(reference) between 1 and 64),
    constraint partners_name_length check (length(name) between 1 and 200),
    constraint partners_kind_known check (kind in ('company', 'individual')),
    constraint partners_status_known check (status in ('active', 'closed')),
    constraint partners_version_positive check (version > 0)
);
create index partners_by_status on partners (status, id desc);

-- What prices a partner's sales in one currency. What it says stands in its versions.
create table contracts (
    id          uuid        not null,
    partner_id  uuid        not null,
    currency    text        not null,
    created_at  timestamptz not null,
    constraint contracts_pk primary key (id),
    constraint contracts_partner_fk foreign key (partner_id) references partners (id),
    constraint contracts_currency_length check (length(currency) = 3),
    constraint contracts_one_per_currency unique (partner_id, currency)
);

-- What a contract says from a day on. A version never changes; a later one replaces it from its first day on.
create table contract_versions (
    contract_id  uuid        not null,
    -- 1, 2, 3, ... without gaps. Of two writers of one number the second is refused.
    version      integer     not null,
    -- The first day of sale that it prices, in the terms' time zone.
    valid_from   date        not null,
    terms        jsonb       not null,
    -- Why it reaches into the past, where it does.
    reason       text,
    created_at   timestamptz not null,
    -- The caller who made it.
    created_by   text        not null,
    constraint contract_versions_pk primary key (contract_id, version),
    constraint contract_versions_contract_fk foreign key (contract_id) references contracts (id),
    constraint contract_versions_version_positive check (version > 0),
    constraint contract_versions_day_unique unique (contract_id, valid_from),
    constraint contract_versions_terms_object check (jsonb_typeof(terms) = 'object'),
    constraint contract_versions_reason_length check (length(reason) between 1 and 500)
);

-- The rates of a version, one a row: that of all sales, and those of single categories.
create table commissions (
    id           uuid    not null,
    contract_id  uuid    not null,
    version      integer not null,
    -- Null: the rate of every category that has none of its own.
    category     text,
    -- Parts per million of the fee's base.
    rate_ppm     integer not null,
    constraint commissions_pk primary key (id),
    constraint commissions_version_fk foreign key (contract_id, version)
        references contract_versions (contract_id, version),
    constraint commissions_category_unique unique nulls not distinct (contract_id, version, category),
    constraint commissions_category_length check (length(category) between 1 and 64),
    constraint commissions_rate_range check (rate_ppm between 0 and 1000000)
);

-- Sales were priced by these rows: the database refuses to let them change.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% never changes: add a version instead', tg_table_name
        using errcode = 'restrict_violation', constraint = tg_table_name || '_immutable';
end
$$;

create trigger contract_versions_immutable before update or delete on contract_versions
    for each row execute function refuse_change();
create trigger contract_versions_not_truncated before truncate on contract_versions
    for each statement execute function refuse_change();
create trigger commissions_immutable before update or delete on commissions
    for each row execute function refuse_change();
create trigger commissions_not_truncated before truncate on commissions
    for each statement execute function refuse_change();
