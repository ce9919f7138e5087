-- A relay adds to lists in place of rewriting events: a wide row with many keys is dear to rewrite, and the transaction
-- that publishes has fewer keys to write. Safe while 0.1.0 runs, which knows nothing of relays.

-- Where a relay put events: the first of `positions` is the `first`-th of its partition, the others come behind it.
create table bus.placements (
    topic      text     not null,
    partition  integer  not null,
    first      bigint   not null,
    positions  bigint[] not null,
    constraint placements_pk primary key (topic, partition, first),
    constraint placements_first_positive check (first > 0),
    constraint placements_not_empty check (cardinality(positions) > 0)
);

-- How far the relay has come in the outbox: every event at or before it has its place, except those in bus.holes.
create table bus.frontier (
    is_only   boolean not null default true,
    taken_to  bigint  not null,
    constraint frontier_pk primary key (is_only),
    constraint frontier_has_one_row check (is_only),
    constraint frontier_taken_to_positive check (taken_to > 0)
);

-- Positions that were given out, and whose events were not there when the relay came by: of transactions that still
-- ran, or that were rolled back.
create table bus.holes (
    first    bigint not null,
    last     bigint not null,
    -- Whoever was given one of these positions began before this transaction.
    seen_in  xid8   not null default pg_current_xact_id(),
    constraint holes_pk primary key (first),
    constraint holes_not_empty check (first <= last)
);

insert into bus.placements (topic, partition, first, positions)
select topic, partition, min(sequence), array_agg(position order by sequence)
  from bus.outbox
 where sequence is not null
 group by topic, partition, (sequence - 1) / 2000;

insert into bus.frontier (taken_to)
select max(position) from bus.outbox where sequence is not null having max(position) is not null;

insert into bus.holes (first, last)
select position, position
  from bus.outbox
 where sequence is null and position < (select taken_to from bus.frontier);

alter table bus.outbox drop column partition, drop column sequence;
