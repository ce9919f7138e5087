-- Sums of the books' entries, kept up to date as entries come in.
-- Safe while an older version runs: it only adds.

-- Which entries are in the sums: an entry that comes in again adds nothing.
create table seen_entries (
    entry_id   uuid not null,
    posted_on  date not null,
    constraint seen_entries_pk primary key (entry_id)
);

-- What every account of a book took in by day and kind of fact, in minor units.
create table daily_totals (
    posted_on     date          not null,
    book          text          not null,
    -- The topic of the fact that was booked.
    kind          text          not null,
    account       text          not null,
    currency      text          not null,
    debit_minor   numeric(38,0) not null,
    credit_minor  numeric(38,0) not null,
    -- Entries with at least one line here.
    entry_count   bigint        not null,
    constraint daily_totals_pk primary key (posted_on, book, kind, account, currency),
    constraint daily_totals_currency_length check (length(currency) = 3),
    constraint daily_totals_not_negative check (debit_minor >= 0 and credit_minor >= 0 and entry_count > 0)
);

-- What every account took in about one partner by month, in minor units.
create table partner_totals (
    partner_id    uuid          not null,
    -- The first day of the month.
    month         date          not null,
    book          text          not null,
    account       text          not null,
    currency      text          not null,
    debit_minor   numeric(38,0) not null,
    credit_minor  numeric(38,0) not null,
    -- Entries with at least one line here.
    entry_count   bigint        not null,
    constraint partner_totals_pk primary key (partner_id, month, book, account, currency),
    constraint partner_totals_month_begins check (extract(day from month) = 1),
    constraint partner_totals_currency_length check (length(currency) = 3),
    constraint partner_totals_not_negative check (debit_minor >= 0 and credit_minor >= 0 and entry_count > 0)
);
