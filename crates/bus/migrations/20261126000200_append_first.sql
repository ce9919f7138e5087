-- The first events of new aggregates, written within another statement. Safe while an older version runs: it only adds.

-- Appends each as number 1 of its topic and aggregate, which the caller makes in the very same statement; should an
-- aggregate have events already, the constraint outbox_numbered stops the whole. Returns how many there were.
create function bus.append_first(topics text[], aggregates text[], payloads text[], trace_parents text[],
                                 times timestamptz[])
returns bigint language plpgsql
-- Its plan is the same for one event and for five hundred: it is made once a session.
set plan_cache_mode = force_generic_plan
as $$
declare
    appended bigint;
begin
    insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
    select fresh.topic, fresh.aggregate, 1, fresh.payload::jsonb, fresh.trace_parent, fresh.occurred_at
      from unnest(topics, aggregates, payloads, trace_parents, times)
           as fresh (topic, aggregate, payload, trace_parent, occurred_at);
    get diagnostics appended = row_count;
    return appended;
end
$$;
