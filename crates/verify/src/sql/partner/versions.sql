-- Which versions of contracts do not follow their predecessors, or reach back without a reason?
select 'con:' || v.contract_id as id,
       concat_ws('; ', format('version %s', v.version),
           case when v.version <> coalesce(v.before, 0) + 1 then format('follows version %s', v.before) end,
           case when v.valid_from <= v.began then format('begins on %s, its predecessor on %s', v.valid_from, v.began) end,
           case when v.terms ->> 'currency' <> c.currency then 'is in another currency than its contract' end,
           case when v.before is not null and v.reason is null and v.valid_from <= v.made_on
                then 'reaches back and says no reason' end,
           case when v.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
                then 'was made by nobody known' end) as detail
  from (select contract_id, version, valid_from, terms, reason, created_by,
               (created_at at time zone (terms ->> 'time_zone'))::date as made_on,
               lag(version) over w as before,
               lag(valid_from) over w as began
          from contract_versions
        window w as (partition by contract_id order by version)) as v
  join contracts c on c.id = v.contract_id
 where v.version <> coalesce(v.before, 0) + 1
    or v.valid_from <= v.began
    or v.terms ->> 'currency' <> c.currency
    or (v.before is not null and v.reason is null and v.valid_from <= v.made_on)
    or v.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
