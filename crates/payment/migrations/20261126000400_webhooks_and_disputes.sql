-- What connectors tell by themselves, and what buyers' banks dispute. Safe while an older version runs: it only adds,
-- and an older version neither hears webhooks nor knows disputes.

-- A webhook as it came, stored before it was answered, and worked on afterwards. Kept: it is what was told.
create table webhooks (
    connector    text        not null,
    -- The connector's own name for the event: one that comes twice is one.
    event_id     text        not null,
    body         bytea       not null,
    received_at  timestamptz not null,
    -- waiting, done, or ignored: nothing here belongs to it.
    state        text        not null,
    -- Why it was ignored, or could not be worked on yet.
    problem      text,
    attempts     integer     not null default 0,
    -- While waiting: when it is taken up. Also the lease of who works on it.
    due_at       timestamptz,
    constraint webhooks_pk primary key (connector, event_id),
    constraint webhooks_event_id_length check (char_length(event_id) between 1 and 255),
    constraint webhooks_state_known check (state in ('waiting', 'done', 'ignored')),
    constraint webhooks_waiting_has_due check ((state = 'waiting') = (due_at is not null)),
    constraint webhooks_ignored_for_a_reason check (state <> 'ignored' or problem is not null)
);
create index webhooks_due on webhooks (due_at) where state = 'waiting';

-- 분쟁. A buyer's bank takes money back, or asks whether it should.
create table disputes (
    dispute_id           uuid        not null,
    payment_id           uuid        not null,
    tender_number        integer     not null,
    connector            text        not null,
    -- The connector's own name for it.
    connector_reference  text        not null,
    amount_minor         bigint      not null,
    reason               text        not null,
    state                text        not null,
    -- Whether the bank has the money now.
    is_withdrawn         boolean     not null,
    -- What is disputed of which lines, [{"line_number": 1, "amount_minor": 100}, ...].
    parts                jsonb       not null,
    -- Counts its changes: 1, 2, 3, ...
    version              integer     not null,
    evidence_due_at      timestamptz,
    opened_at            timestamptz not null,
    -- When it changed last, as the connector says: what it tells of before that is old news.
    changed_at           timestamptz not null,
    constraint disputes_pk primary key (dispute_id),
    constraint disputes_reference unique (connector, connector_reference),
    constraint disputes_tender_fk foreign key (payment_id, tender_number) references tenders (payment_id, number),
    constraint disputes_state_known check (
        state in ('warning', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost')),
    constraint disputes_withdrawn_fits_state check (case when state in ('needs_response', 'lost') then is_withdrawn
        when state in ('warning', 'warning_closed', 'won') then not is_withdrawn else true end),
    constraint disputes_amount_positive check (amount_minor > 0),
    constraint disputes_version_positive check (version >= 1)
);
create index disputes_of_payment on disputes (payment_id, dispute_id);

-- What was said against a dispute.
create table dispute_evidence (
    evidence_id    uuid        not null,
    dispute_id     uuid        not null,
    text           text        not null,
    submitted_by   text        not null,
    submitted_at   timestamptz not null,
    -- waiting: the connector has not confirmed it yet. accepted, refused: what it said.
    state          text        not null,
    problem        text,
    attempts       integer     not null default 0,
    due_at         timestamptz,
    constraint dispute_evidence_pk primary key (evidence_id),
    constraint dispute_evidence_dispute_fk foreign key (dispute_id) references disputes,
    constraint dispute_evidence_text_length check (char_length(text) <= 20000),
    constraint dispute_evidence_state_known check (state in ('waiting', 'accepted', 'refused')),
    constraint dispute_evidence_waiting_has_due check ((state = 'waiting') = (due_at is not null))
);
create index dispute_evidence_of_dispute on dispute_evidence (dispute_id, evidence_id);
create index dispute_evidence_due on dispute_evidence (due_at) where state = 'waiting';

create table dispute_files (
    evidence_id   uuid    not null,
    -- 1, 2, 3, ... within the evidence.
    number        integer not null,
    name          text    not null,
    content_type  text    not null,
    content       bytea   not null,
    constraint dispute_files_pk primary key (evidence_id, number),
    constraint dispute_files_evidence_fk foreign key (evidence_id) references dispute_evidence,
    constraint dispute_files_name_length check (char_length(name) between 1 and 255),
    constraint dispute_files_content_length check (octet_length(content) between 1 and 2097152)
);

alter table tenders
    -- What buyers' banks have taken back and not returned. May exceed what is left: a bank does not ask.
    add column disputed_minor bigint not null default 0,
    add constraint tenders_disputed_not_negative check (disputed_minor >= 0);
