-- What people are told.
-- Safe while an older version runs: it only adds.
create table notifications (
    id           uuid        not null,
    kind         text        not null,
    -- What it is about: the aggregate of the event that it tells of.
    subject      text        not null,
    -- The event that it tells of. One event makes one notification, however often it is delivered.
    event_id     uuid        not null,
    title        text        not null,
    body         text        not null,
    -- When the fact happened.
    occurred_at  timestamptz not null,
    created_at   timestamptz not null,
    -- Null: nobody has read it.
    read_at      timestamptz,
    constraint notifications_pk primary key (id),
    constraint notifications_event_unique unique (event_id),
    constraint notifications_kind_known
        check (kind in ('payment_failed', 'user_added', 'user_changed', 'user_deactivated')),
    constraint notifications_title_not_empty check (title <> '')
);
create index notifications_by_kind on notifications (kind, id desc);
create index notifications_unread on notifications (id desc) where read_at is null;
