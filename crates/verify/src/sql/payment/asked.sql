-- What was asked of each payment that existed, when, and by which requests may it have been? A key keeps the SHA-256 of a
-- request's body, with the names in order and no blanks. What is not given may be left out or null; of the lines that an
-- increment adds, and of what a person decides, the body can't be made again.
select c.payment_id::text,
       format('asked_at=%s by=%s', (extract(epoch from c.created_at) * 1000000)::bigint,
              case when c.kind in ('increment', 'resolve') then 'any'
                   else encode(sha256(convert_to('{' || body.fields || '}', 'UTF8')), 'hex') end),
       ''
  from changes c
  left join lateral (
       select '[' || string_agg(format('{"amount_minor":%s,"line_number":%s}', part.value ->> 'amount_minor',
                                                                               part.value ->> 'line_number'),
                                ',' order by part.place) || ']' as all_of_them
         from jsonb_array_elements(c.lines) with ordinality as part (value, place)) as named on c.kind = 'refund'
  left join lateral (
       select concat_ws(',', amount.field, lines.field, reason.field) as fields
         from (values (null), ('"amount_minor":null'), ('"amount_minor":' || c.amount_minor)) as amount (field)
        cross join (values (null), ('"lines":' || coalesce(named.all_of_them, '[]'))) as lines (field)
        cross join (values (null), ('"reason":' || coalesce(to_json(c.reason)::text, 'null'))) as reason (field)
        where case c.kind
                  when 'refund' then (named.all_of_them is null
                                      or lines.field is not null
                                         and coalesce(amount.field, '"amount_minor":null') = '"amount_minor":null')
                                     and (c.reason is null or reason.field is not null)
                  when 'capture' then lines.field is null and reason.field is null
                  else coalesce(amount.field, lines.field, reason.field) is null end) as body
    on c.kind not in ('increment', 'resolve')
 union all
-- An older version wrote the operation only.
select o.payment_id::text, format('asked_at=%s by=any', (extract(epoch from o.created_at) * 1000000)::bigint), ''
  from transactions o
 where o.change_id is null and o.cause is null and o.operation in ('capture', 'void')
