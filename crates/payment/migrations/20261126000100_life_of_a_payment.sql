-- The life of a payment in full: parts of an amount captured, given back and let go, several tenders, a buyer who has to
-- act, authorizations that run out.
--
-- Safe while an older version runs: it adds columns that the older version leaves at their defaults, and widens what
-- is allowed. What is reserved for an operation of the older version is nothing, and what an operation ends with sets
-- the reservation to nothing, so either version may end what the other began.

alter table payments
    -- Where the buyer is sent after acting at the connector's page.
    add column return_url text,
    add constraint payments_return_url_length check (char_length(return_url) between 1 and 2048);

alter table tenders
    -- What an open operation is about to take, to let go or to give back: reserved before the connector is asked.
    add column capturing_minor  bigint not null default 0,
    add column voiding_minor    bigint not null default 0,
    add column refunding_minor  bigint not null default 0,
    -- Which place it has when money goes back; null: its number.
    add column refund_rank      integer,
    -- Until when the connector holds it; null where it holds nothing, or does not say.
    add column held_until       timestamptz,
    add constraint tenders_reserved_not_negative check (
        capturing_minor >= 0 and voiding_minor >= 0 and refunding_minor >= 0),
    add constraint tenders_reserved_not_beyond_authorized check (
        captured_minor + capturing_minor + voided_minor + voiding_minor <= authorized_minor),
    add constraint tenders_reserved_not_beyond_captured check (refunded_minor + refunding_minor <= captured_minor),
    add constraint tenders_refund_rank_positive check (refund_rank >= 1),
    add constraint tenders_held_until_of_held check (held_until is null or authorized_minor > captured_minor + voided_minor);
create index tenders_running_out on tenders (held_until) where held_until is not null;

-- What was asked of a payment that existed, by whom and why; carried out by one operation or more.
create table changes (
    change_id     uuid        not null,
    payment_id    uuid        not null,
    kind          text        not null,
    -- For how much in all; none where the kind has no amount.
    amount_minor  bigint,
    -- refund: the parts of lines that the caller named, [{"line_number": 1, "amount_minor": 100}, ...].
    -- increment: the lines that it adds, as payment_lines will hold them.
    lines         jsonb,
    -- increment: which tender pays it. resolve: of which tender the operation is.
    tender_number integer,
    reason        text,
    requested_by  text        not null,
    created_at    timestamptz not null,
    constraint changes_pk primary key (change_id),
    constraint changes_payment_fk foreign key (payment_id) references payments,
    constraint changes_kind_known check (kind in ('capture', 'void', 'refund', 'increment', 'cancel', 'resolve')),
    constraint changes_amount_not_negative check (amount_minor >= 0),
    constraint changes_reason_length check (char_length(reason) between 1 and 255),
    -- A person who decides what a connector would not say tells why.
    constraint changes_resolved_with_reason check (kind <> 'resolve' or reason is not null)
);
create index changes_of_payment on changes (payment_id, change_id);

alter table transactions
    -- Why it was begun: order, by the payment itself; caller, by a change; release, since a later tender failed;
    -- expiry, since the authorization ran out. Null as an older version leaves it: the first operation of a tender is
    -- of the order, another one of a caller.
    add column cause         text,
    add column change_id     uuid,
    -- refund: what it gives back of which lines, [{"line_number": 1, "amount_minor": 100}, ...].
    add column parts         jsonb,
    -- While the buyer has to act: where, and until when.
    add column action_url    text,
    add column action_until  timestamptz,
    -- While the buyer has to act no more: what the operation is to become once the connector has given it up.
    add column ending        text,
    add constraint transactions_change_fk foreign key (change_id) references changes,
    add constraint transactions_cause_known check (cause in ('order', 'caller', 'release', 'expiry')),
    add constraint transactions_ending_known check (ending in ('canceled', 'expired')),
    add constraint transactions_action_of_waiting check (
        (state = 'requires_action') = (action_url is not null and action_until is not null)
        and (ending is null or state = 'requires_action')),
    drop constraint transactions_operation_known,
    add constraint transactions_operation_known check (
        operation in ('authorize', 'increment', 'capture', 'sale', 'void', 'refund')),
    drop constraint transactions_state_known,
    add constraint transactions_state_known check (
        state in ('created', 'sent', 'requires_action', 'succeeded', 'declined', 'failed', 'unknown', 'canceled',
                  'expired')),
    drop constraint transactions_refusal_whole,
    add constraint transactions_refusal_whole check (
        (state in ('declined', 'failed', 'canceled', 'expired')) = (refusal_code is not null)
        and (refusal_code is null) = (refusal_detail is null)),
    drop constraint transactions_sent_has_due,
    add constraint transactions_sent_has_due check (
        state not in ('sent', 'unknown', 'requires_action') or due_at is not null);

drop index transactions_one_open;
create unique index transactions_one_open on transactions (payment_id, tender_number)
    where state in ('created', 'sent', 'unknown', 'requires_action');
drop index transactions_due;
create index transactions_due on transactions (due_at) where state in ('created', 'sent', 'unknown', 'requires_action');

alter table payment_lines
    -- What the buyer got back of it, and what was never taken, since the rest of the payment was let go.
    add column refunded_minor  bigint not null default 0,
    add column canceled_minor  bigint not null default 0,
    add constraint payment_lines_given_back_not_negative check (refunded_minor >= 0 and canceled_minor >= 0),
    add constraint payment_lines_not_beyond_owed check (
        refunded_minor::numeric + canceled_minor <= unit_price_minor::numeric * quantity - partner_discount_minor
                                                    - platform_discount_minor + shipping_minor);
