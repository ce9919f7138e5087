-- The books: the chart of accounts, journal entries with their lines, ledgers, periods and breaks.
-- Safe while an older version runs: it only adds.

-- Sets of books. Everything up to the end of the month `closed_through` is closed, and stays closed.
create table books (
    code            text        not null,
    name_en         text        not null,
    name_ko         text        not null,
    closed_through  date,
    constraint books_pk primary key (code),
    constraint books_closed_through_first_day check (extract(day from closed_through) = 1)
);
insert into books (code, name_en, name_ko) values ('main', 'Main books', '주 장부');

-- The chart of accounts. Partners are a dimension of a line, not accounts of the chart.
create table accounts (
    code         text    not null,
    -- Where it stands in the chart: 1xxx assets, 2xxx liabilities, 3xxx equity, 4xxx income, 5xxx expenses.
    number       integer not null,
    name_en      text    not null,
    name_ko      text    not null,
    type         text    not null,
    normal_side  text    not null,
    constraint accounts_pk primary key (code),
    constraint accounts_number_once unique (number),
    constraint accounts_type_known check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
    constraint accounts_normal_side_follows_type
        check (normal_side = case when type in ('asset', 'expense') then 'debit' else 'credit' end)
);
insert into accounts (code, number, name_en, name_ko, type, normal_side) values
    ('cash',                      1010, 'Cash',                         '현금',                'asset',     'debit'),
    ('receivable_card',           1110, 'Card receivable (PSP)',        '카드 미수금',         'asset',     'debit'),
    ('receivable_bank',           1120, 'Bank transfer receivable',     '계좌이체 미수금',     'asset',     'debit'),
    ('suspense_short',            1910, 'Suspense, paid short',         '부족 수납 미결산',    'asset',     'debit'),
    ('partner_payable_unsettled', 2010, 'Partner payable, unsettled',   '미정산 파트너 예수금', 'liability', 'credit'),
    ('partner_payable_settled',   2020, 'Partner payable, settled',     '정산 확정 미지급금',  'liability', 'credit'),
    ('partner_payable_carried',   2030, 'Partner payable, carried',     '이월 파트너 예수금',  'liability', 'credit'),
    ('voucher_liability',         2110, 'Vouchers outstanding',         '상품권 선수금',       'liability', 'credit'),
    ('points_liability',          2120, 'Points outstanding',           '포인트 충당부채',     'liability', 'credit'),
    ('vat_payable',               2210, 'VAT payable',                  '부가세 예수금',       'liability', 'credit'),
    ('suspense_over',             2910, 'Suspense, paid over',          '과다 수납 가수금',    'liability', 'credit'),
    ('fee_income',                4010, 'Commission income',            '판매 수수료 수익',    'income',    'credit'),
    ('discount_expense',          5010, 'Platform-funded discounts',    '플랫폼 부담 할인',    'expense',   'debit');

-- Journal entries (전표). A source event is booked once in a set of books.
create table journal_entries (
    id                uuid        not null,
    book              text        not null,
    source_topic      text        not null,
    source_aggregate  text        not null,
    source_number     bigint      not null,
    -- The business day that it belongs to, and that day's month.
    posted_on         date        not null,
    period            date        not null
        generated always as (posted_on - (extract(day from posted_on)::integer - 1)) stored,
    -- When the fact happened, and when it was written here.
    occurred_at       timestamptz not null,
    recorded_at       timestamptz not null,
    first_line        smallint    not null generated always as (1) stored,
    constraint journal_entries_pk primary key (id),
    constraint journal_entries_source_once unique (source_aggregate, source_topic, source_number, book)
);

-- Book and account of what is posted are checked once a statement, below, and not by a foreign key: that would look
-- up and lock the same few rows for every single line, a third of what posting costs. The foreign keys of `ledgers`
-- keep an account or a book that was posted to.

-- The lines of journal entries. An entry is written whole: all its lines in one statement, numbered from 1.
create table journal_lines (
    entry_id      uuid     not null,
    line_number   smallint not null,
    account       text     not null,
    partner_id    uuid,
    side          text     not null,
    amount_minor  bigint   not null,
    currency      text     not null,
    constraint journal_lines_pk primary key (entry_id, line_number),
    constraint journal_lines_entry_exists foreign key (entry_id) references journal_entries (id),
    constraint journal_lines_side_known check (side in ('debit', 'credit')),
    constraint journal_lines_amount_positive check (amount_minor > 0),
    constraint journal_lines_currency_code check (length(currency) = 3)
);
create index journal_lines_by_partner on journal_lines (partner_id, entry_id) where partner_id is not null;
create index journal_lines_by_account on journal_lines (account, entry_id);

-- No entry without lines; checked at the commit, since the entry is there before its lines.
alter table journal_entries add constraint journal_entries_has_lines
    foreign key (id, first_line) references journal_lines (entry_id, line_number) deferrable initially deferred;

-- Of the lines that a statement writes: are the accounts in the chart, is each entry whole, and do its debits equal its
-- credits per currency?
create function journal_lines_check() returns trigger language plpgsql as $$
declare
    odd uuid;
begin
    select entry_id into odd from fresh where account not in (select code from accounts) limit 1;
    if found then
        raise exception 'an account of journal entry % is not in the chart', odd
            using errcode = '23503', constraint = 'journal_lines_account_exists';
    end if;
    select entry_id into odd from fresh
     group by entry_id
    having count(*) < 2 or min(line_number) <> 1 or max(line_number) <> count(*)
     limit 1;
    if found then
        raise exception 'journal entry % is not written whole', odd
            using errcode = '23514', constraint = 'journal_lines_whole';
    end if;
    select entry_id into odd from fresh
     group by entry_id, currency
    having sum(case side when 'debit' then amount_minor else -amount_minor end) <> 0
     limit 1;
    if found then
        raise exception 'journal entry % does not balance', odd
            using errcode = '23514', constraint = 'journal_lines_balance';
    end if;
    return null;
end
$$;
create trigger journal_lines_check after insert on journal_lines
    referencing new table as fresh for each statement execute function journal_lines_check();

-- No entry in a book that does not exist, or in a closed period.
create function journal_entries_check() returns trigger language plpgsql as $$
begin
    if exists (select from fresh where book not in (select code from books)) then
        raise exception 'the book of a journal entry does not exist'
            using errcode = '23503', constraint = 'journal_entries_book_exists';
    end if;
    if exists (select from fresh join books on books.code = fresh.book where fresh.period <= books.closed_through) then
        raise exception 'the period of a journal entry is closed'
            using errcode = '23514', constraint = 'journal_entries_period_open';
    end if;
    return null;
end
$$;
create trigger journal_entries_check after insert on journal_entries
    referencing new table as fresh for each statement execute function journal_entries_check();

-- What is posted never changes: a mistake is reversed by another entry.
create function journal_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: what is posted never changes', lower(tg_op), tg_table_name
        using errcode = '23001', constraint = tg_table_name || '_never_change';
end
$$;
create trigger journal_entries_never_change before update or delete or truncate on journal_entries
    for each statement execute function journal_refuse_change();
create trigger journal_lines_never_change before update or delete or truncate on journal_lines
    for each statement execute function journal_refuse_change();

-- Ledgers (원장): what each account, and partner, has posted by month, so that a balance is never a sum over all
-- lines. Totals are numeric: they may pass 64 bits.
create table ledgers (
    book          text    not null,
    account       text    not null,
    partner_id    uuid,
    currency      text    not null,
    period        date    not null,
    debit_minor   numeric not null,
    credit_minor  numeric not null,
    constraint ledgers_key unique nulls not distinct (account, partner_id, currency, period, book),
    constraint ledgers_book_exists foreign key (book) references books (code),
    constraint ledgers_account_exists foreign key (account) references accounts (code),
    constraint ledgers_currency_code check (length(currency) = 3),
    constraint ledgers_period_first_day check (extract(day from period) = 1),
    constraint ledgers_totals_whole check (
        debit_minor >= 0 and credit_minor >= 0 and scale(debit_minor) = 0 and scale(credit_minor) = 0)
);
create index ledgers_by_partner on ledgers (partner_id) where partner_id is not null;

-- Months that were posted to or closed. Closed stays closed.
create table periods (
    book       text        not null,
    period     date        not null,
    state      text        not null default 'open',
    closed_at  timestamptz,
    closed_by  text,
    constraint periods_pk primary key (book, period),
    constraint periods_book_exists foreign key (book) references books (code),
    constraint periods_first_day check (extract(day from period) = 1),
    constraint periods_state_known check (state in ('open', 'closed')),
    constraint periods_closed_says_by_whom
        check ((state = 'closed') = (closed_at is not null) and (state = 'closed') = (closed_by is not null))
);
create function periods_refuse_reopening() returns trigger language plpgsql as $$
begin
    raise exception 'period % of book % is closed and stays closed', old.period, old.book
        using errcode = '23001', constraint = 'periods_closed_stays_closed';
end
$$;
create trigger periods_closed_stays_closed before update or delete on periods
    for each row when (old.state = 'closed') execute function periods_refuse_reopening();
create function books_refuse_reopening() returns trigger language plpgsql as $$
begin
    raise exception 'book % is closed through %, which is not taken back', old.code, old.closed_through
        using errcode = '23001', constraint = 'books_closed_stays_closed';
end
$$;
create trigger books_closed_stays_closed before update on books
    for each row when (new.closed_through is distinct from old.closed_through
                       and (new.closed_through is null or new.closed_through < old.closed_through))
    execute function books_refuse_reopening();

-- Payments that captured more (over) or less (short) than their lines owe. The difference lies in suspense, over
-- and short each in an account of its own.
create table breaks (
    entry_id      uuid        not null,
    payment_id    uuid        not null,
    kind          text        not null,
    amount_minor  bigint      not null,
    currency      text        not null,
    state         text        not null default 'open',
    found_at      timestamptz not null,
    constraint breaks_pk primary key (entry_id),
    constraint breaks_entry_exists foreign key (entry_id) references journal_entries (id),
    constraint breaks_kind_known check (kind in ('over', 'short')),
    constraint breaks_amount_positive check (amount_minor > 0),
    constraint breaks_currency_code check (length(currency) = 3),
    constraint breaks_state_known check (state in ('open', 'resolved'))
);
create index breaks_open on breaks (kind, currency) where state = 'open';
create index breaks_by_payment on breaks (payment_id);
