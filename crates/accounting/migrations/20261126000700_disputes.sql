-- Disputes: what buyers' banks take until it is decided whose it is, and what they take beyond the lines of a payment.
-- Safe while 0.1.0 runs: it only adds. That version hears of no dispute; it shows the new account, and a break that a
-- dispute made, like others.

-- Credited when a bank takes the money, since the receivable stands in full until it is decided; then the receivable
-- goes, or this does.
insert into accounts (code, number, name_en, name_ko, type, normal_side) values
    ('disputed_funds', 2310, 'Disputed funds', '분쟁 예수금', 'liability', 'credit');

-- Which breaks are of disputes. What a bank takes of a payment beyond what its lines have left lies in suspense, short,
-- until the bank gives it back. A payment may have many disputes, and what was paid short beside them.
create table dispute_breaks (
    -- The entry that put the amount into suspense.
    entry_id    uuid     not null,
    dispute_id  uuid     not null,
    -- The change of the dispute by which the bank took the money.
    version     integer  not null,
    constraint dispute_breaks_pk primary key (entry_id),
    constraint dispute_breaks_break_exists foreign key (entry_id) references breaks (entry_id),
    constraint dispute_breaks_once unique (dispute_id, version),
    constraint dispute_breaks_version_positive check (version >= 1)
);

-- It belongs to its entry, which never changes.
create trigger dispute_breaks_never_change before update or delete or truncate on dispute_breaks
    for each statement execute function journal_refuse_change();
