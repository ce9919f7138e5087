-- What does the settlement service know of each contract?
select contract_id::text,
       string_agg(format('version=%s partner=%s currency=%s valid_from=%s terms=%s', version, partner_id, currency,
                         valid_from, terms),
                  E'\n' order by version)
  from known_contract_versions
 group by contract_id
 order by contract_id
