-- What may have been answered of each payment, that never changes but by increments and, where it is routed, by who is asked?
-- One row for each form that it had.
-- And of each payment method that somebody added, and of all evidence?
with grown as (
    select c.payment_id, c.tender_number, o.amount_minor, min((line.value ->> 'line_number')::int) as first
      from changes c
      join transactions o using (change_id)
     cross join lateral jsonb_array_elements(c.lines) as line (value)
     where c.kind = 'increment' and o.state = 'succeeded'
     group by c.change_id, c.payment_id, c.tender_number, o.amount_minor),
form as (
    select p.payment_id, 2147483647 as through from payments p
     union all
    select g.payment_id, g.first - 1 from grown g),
asked as (
    select p.payment_id, p.connector from payments p
     union all
    select distinct o.payment_id, o.connector
      from transactions o
      join payments p using (payment_id)
     where o.connector <> p.connector),
line as (
    select l.payment_id, f.through,
           string_agg(format('[line=%s partner=%s category=%s price=%s quantity=%s shipping=%s tax_free=%s discounts=%s]',
                             l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity, l.shipping_minor,
                             l.tax_free_minor, case when l.discounts <> '[]' then
                                 (select string_agg(format('%s:%s', d.value ->> 'funded_by',
                                                                  d.value ->> 'amount_minor'), ',' order by d.place)
                                                  from jsonb_array_elements(l.discounts)
                                                       with ordinality as d (value, place)) end),
                      ' ' order by l.line_number) as all_of_them
      from payment_lines l
      join form f on f.payment_id = l.payment_id and l.line_number <= f.through
     group by l.payment_id, f.through),
tender as (
    select t.payment_id, f.through,
           string_agg(format('%s:%s:%s', t.tender_id, t.kind,
                             t.amount_minor - coalesce((select sum(g.amount_minor) from grown g
                                                         where g.payment_id = t.payment_id
                                                           and g.tender_number = t.number and g.first > f.through), 0)),
                      ',' order by t.number) as all_of_them
      from tenders t
      join form f using (payment_id)
     group by t.payment_id, f.through)
select p.payment_id::text,
       format('reference=%s currency=%s owed=%s amount=%s connector=%s origin=%s capture=%s sold_at=%s created_at=%s tenders=%s %s',
              p.order_reference, p.currency, p.owed_minor - later.minor, p.amount_minor - later.minor, asked.connector,
              p.origin, p.capture, (extract(epoch from p.sold_at) * 1000000)::bigint,
              (extract(epoch from p.created_at) * 1000000)::bigint, t.all_of_them, l.all_of_them),
       case when p.status in ('failed', 'voided', 'canceled', 'expired') then p.status
            when exists (select from transactions o
                          where o.payment_id = p.payment_id and o.operation in ('capture', 'sale')
                            and o.state = 'succeeded') then 'completed'
            else '' end
  from form f
  join payments p using (payment_id)
 cross join lateral (select coalesce(sum(g.amount_minor), 0) as minor from grown g
                      where g.payment_id = f.payment_id and g.first > f.through) as later
  join asked using (payment_id)
  left join tender t on t.payment_id = f.payment_id and t.through = f.through
  left join line l on l.payment_id = f.payment_id and l.through = f.through
 union all
select m.payment_method_id::text,
       format('holder=%s kind=%s connector=%s brand=%s last_four=%s expires_on=%s created_at=%s', m.holder_reference,
              m.kind, m.connector, m.brand, m.last_four, to_char(m.expires_on, 'YYYY-MM'),
              (extract(epoch from m.created_at) * 1000000)::bigint),
       ''
  from payment_methods m
 where m.holder_reference is not null
 union all
select e.evidence_id::text,
       format('dispute=%s by=%s at=%s files=%s text=%s', e.dispute_id, e.submitted_by,
              (extract(epoch from e.submitted_at) * 1000000)::bigint,
              (select string_agg(format('%s:%s:%s', f.name, f.content_type, encode(sha256(f.content), 'hex')), ','
                                 order by f.number)
                 from dispute_files f
                where f.evidence_id = e.evidence_id), e.text),
       ''
  from dispute_evidence e
