-- By which contract, and when, is each statement paid?
select id, partner_id, currency, ends_on, due_on, calendar_version, contract_id, contract_version,
       minimum_payout_minor, settled_at
  from settlements
