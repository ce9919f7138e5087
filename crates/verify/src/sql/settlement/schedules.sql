-- When does each account's next window close (정산 스케줄)?
select id, partner_id, currency, contract_id, contract_version, time_zone, cycle::text as cycle,
       payout::text as payout, holidays, window_starts_on, next_closing_on, closes_at, due_on, calendar_version,
       changes_at, problem, updated_at
  from settlement_schedules
 order by partner_id, currency
