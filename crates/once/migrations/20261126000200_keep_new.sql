-- Keys, claimed and answered within another statement. Safe while an older version runs: it only adds.

-- Keeps the answers under those keys that nobody has used, and returns these keys: what they stand for is made in the
-- very same statement, so no claim on them is ever seen without its answer. A key that another transaction is using is
-- waited for.
create function once.keep_new(scopes bytea[], fingerprints bytea[], status smallint, answers bytea[], subjects text[],
                              claimed timestamptz)
returns setof bytea language plpgsql
-- Its plan is the same for one key and for five hundred: it is made once a session.
set plan_cache_mode = force_generic_plan
as $$
begin
    return query
    insert into once.keys as kept (scope, fingerprint, status, answer, subject, claimed_at, lease_until)
    select fresh.scope, fresh.fingerprint, keep_new.status, fresh.answer, fresh.subject, claimed, claimed
      from unnest(scopes, fingerprints, answers, subjects) as fresh (scope, fingerprint, answer, subject)
     -- One order for all, so that two statements with the same keys wait for each other and don't deadlock.
     order by fresh.scope
    on conflict on constraint keys_pk do nothing
    returning kept.scope;
end
$$;

-- Takes keys back that the very same statement has kept; returns how many.
create function once.take_back(scopes bytea[])
returns bigint language plpgsql
as $$
declare
    one bytea;
begin
    -- One by one, so that each is found by the key, however small the table was when the plan was made.
    foreach one in array coalesce(scopes, '{}') loop
        delete from once.keys where scope = one;
    end loop;
    return coalesce(cardinality(scopes), 0);
end
$$;
