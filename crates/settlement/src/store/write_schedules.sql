-- When does the next window of each account close, and when is it paid?
insert into settlement_schedules as s
       (id, partner_id, currency, contract_id, contract_version, time_zone, cycle, payout, holidays,
        window_starts_on, next_closing_on, closes_at, due_on, calendar_version, changes_at, problem, updated_at)
select f.*, $17
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::text[], $7::jsonb[], $8::jsonb[],
              $9::text[], $10::date[], $11::date[], $12::timestamptz[], $13::date[], $14::text[],
              $15::timestamptz[], $16::text[]) as f
    on conflict on constraint settlement_schedules_one_a_currency do update
   set contract_id = excluded.contract_id, contract_version = excluded.contract_version,
       time_zone = excluded.time_zone, cycle = excluded.cycle, payout = excluded.payout,
       holidays = excluded.holidays, window_starts_on = excluded.window_starts_on,
       next_closing_on = excluded.next_closing_on, closes_at = excluded.closes_at, due_on = excluded.due_on,
       calendar_version = excluded.calendar_version, changes_at = excluded.changes_at,
       problem = excluded.problem, updated_at = excluded.updated_at
