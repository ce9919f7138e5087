-- What does the payment service know of each contract?
select contract_id::text,
       string_agg(format('version=%s partner=%s currency=%s valid_from=%s', version, partner_id, currency, valid_from),
                  E'\n' order by version)
  from known_contracts
 group by contract_id
 order by contract_id
