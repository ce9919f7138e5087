-- What the rows are made of, for the connection that makes them. All of it follows from a row's number, so that a payment
-- and its lines agree without being joined, and every run has the same rows.

-- A whole number from 0 to below `sides`, by the row's number and what it is thrown for.
create function pg_temp.share(number bigint, purpose bigint, sides bigint) returns bigint
language sql immutable as $$ select abs(hashint8extended(number, purpose) % sides) $$;

-- A `UUIDv7` of that time. Stable as `date_part` is: declared immutable, it would not be inlined.
create function pg_temp.name(number bigint, at timestamptz) returns uuid
language sql stable as $$
    select (lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '7' || left(md5(number::text), 3)
            || '8' || right(md5(number::text), 15))::uuid
$$;

-- A partner, from 1. One share after the other is smaller: the first has a tenth, the last a seven-thousandth.
create function pg_temp.rank(number bigint, purpose bigint) returns bigint
language sql immutable as $$ select floor(1000 ^ (pg_temp.share(number, purpose, 1000000) / 1e6::float8))::bigint $$;

create function pg_temp.partner(rank bigint) returns uuid
language sql immutable as $$ select ('018d0000-0000-7000-8000-' || lpad(rank::text, 12, '0'))::uuid $$
