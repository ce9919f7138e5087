-- What may have been answered of each partner and of each version of a contract, that never changes?
select id::text,
       format('reference=%s kind=%s created_at=%s', reference, kind, (extract(epoch from created_at) * 1000000)::bigint),
       ''
  from partners
 union all
select c.id::text,
       format('partner=%s currency=%s version=%s valid_from=%s created_at=%s created_by=%s reason=%s', c.partner_id,
              c.currency, v.version, v.valid_from, (extract(epoch from v.created_at) * 1000000)::bigint, v.created_by,
              v.reason),
       ''
  from contracts c
  join contract_versions v on v.contract_id = c.id
