-- Which commissions (수수료) are not what their contract's version says?
with said as (
    select contract_id, version, null::text as category, (terms ->> 'rate_ppm')::integer as rate_ppm
      from contract_versions
     union all
    select v.contract_id, v.version, r ->> 'category', (r ->> 'rate_ppm')::integer
      from contract_versions v
     cross join lateral jsonb_array_elements(coalesce(v.terms -> 'category_rates', '[]')) as r)
select 'con:' || coalesce(s.contract_id, c.contract_id) as id,
       format('version %s, category %s: the terms say %s ppm, the commission %s', coalesce(s.version, c.version),
              coalesce(s.category, c.category, '(all)'), coalesce(s.rate_ppm::text, 'nothing'),
              coalesce(c.rate_ppm::text, 'is missing')) as detail
  from said s
  full join commissions c on c.contract_id = s.contract_id and c.version = s.version
                         and coalesce(c.category, '') = coalesce(s.category, '')
 where s.rate_ppm is distinct from c.rate_ppm
