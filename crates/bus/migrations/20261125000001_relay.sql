-- What a relay into a broker needs: numbers within partitions, and how far it has come.
-- Safe while an older version runs: new columns are null or have a default, the key of bus.positions keeps its name
-- and is as unique as before for whoever knows one log only.

-- Where a relay put an event, and as the how manieth there. Null until it has.
alter table bus.outbox
    add column partition integer,
    add column sequence  bigint,
    add constraint outbox_sequenced check ((partition is null) = (sequence is null)),
    add constraint outbox_sequence_positive check (sequence > 0);
-- What a relay has still to do, in the order in which it was written.
create index outbox_unsequenced on bus.outbox (position) where sequence is null;
-- 1, 2, 3, ... per topic and partition; and what was lost on the way is looked for here.
create unique index outbox_in_partition on bus.outbox (topic, partition, sequence) where sequence is not null;

-- How far the relay of this service has come in each partition.
create table bus.partitions (
    topic      text    not null,
    partition  integer not null,
    -- The last sequence given out, and the last one that the broker has acknowledged together with all before it.
    numbered   bigint  not null,
    published  bigint  not null default 0,
    constraint partitions_pk primary key (topic, partition),
    constraint partitions_published_in_range check (published between 0 and numbered)
);

-- Places of one log mean nothing to another.
alter table bus.positions
    add column log text not null default 'outbox',
    drop constraint positions_pk,
    add constraint positions_pk primary key (log, topic, partition);
