-- Which versions of contracts are known, and since when?
select contract_id, version, partner_id, currency, valid_from, starts_at, terms::text as terms, recorded_at
  from known_contract_versions
 order by partner_id, currency, valid_from, version, contract_id
