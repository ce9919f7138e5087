-- What does each contract say, version by version?
select c.id::text,
       format('partner=%s currency=%s created_at=%s', c.partner_id, c.currency,
              (extract(epoch from c.created_at) * 1000000)::bigint)
           || coalesce(string_agg(
                  format(' version=%s valid_from=%s made_at=%s terms=%s', v.version, v.valid_from,
                         (extract(epoch from v.created_at) * 1000000)::bigint, v.terms),
                  '' order by v.version), '')
  from contracts c
  left join contract_versions v on v.contract_id = c.id
 group by c.id
 order by c.id
