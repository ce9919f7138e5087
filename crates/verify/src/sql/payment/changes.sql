-- Which changes gave back other parts of lines than were named, or have lines that their kind has not? Which tenders gave
-- back out of their turn?
with moved as (
    select o.change_id, sum(o.amount_minor::numeric) as minor
      from transactions o
     where o.change_id is not null
     group by o.change_id),
given_back as (
    select o.change_id, (part.value ->> 'line_number')::int as line_number,
           sum((part.value ->> 'amount_minor')::numeric) as minor
      from transactions o
     cross join lateral jsonb_array_elements(o.parts) as part (value)
     where o.change_id is not null
     group by o.change_id, line_number),
-- Named lines give back one after the other, each with what was named through it.
named as (
    select c.change_id, (part.value ->> 'line_number')::int as line_number,
           (part.value ->> 'amount_minor')::numeric as minor,
           sum((part.value ->> 'amount_minor')::numeric) over (partition by c.change_id order by part.place) as through
      from changes c
     cross join lateral jsonb_array_elements(c.lines) with ordinality as part (value, place)
     where c.kind = 'refund'),
due as (
    select n.change_id, n.line_number, least(n.minor, greatest(m.minor - (n.through - n.minor), 0)) as minor
      from named n
      left join moved m using (change_id)),
-- The last time that a tender gave back since somebody asked for it. What happened to a tender after that may have given it
-- something to give back again: then it says nothing of whose turn it was.
turn as (
    select o.payment_id, o.tender_number as number, max(o.created_at) as begun_at
      from transactions o
     where o.operation = 'refund' and o.change_id is not null and o.state = 'succeeded'
     group by o.payment_id, o.tender_number),
taken as (
    select o.payment_id, o.tender_number as number, max(o.updated_at) as done_at
      from transactions o
     where o.operation in ('capture', 'sale') and o.state = 'succeeded'
     group by o.payment_id, o.tender_number),
moved_back as (
    select o.payment_id, o.tender_number as number
      from transactions o
     where o.operation = 'refund' and o.state = 'failed' and o.connector_reference is not null
     union
    select d.payment_id, d.tender_number from disputes d),
tender as (
    select t.*, coalesce(t.refund_rank, t.number) as place from tenders t)
select 'pay:' || c.payment_id || ' chg:' || c.change_id as id,
       format('%s of line %s was to go back, and its operations gave back %s', coalesce(due.minor, 0), line_number,
              coalesce(b.minor, 0)) as detail
  from due
  full join given_back b using (change_id, line_number)
  join changes c using (change_id)
 where c.lines is not null
   and coalesce(due.minor, 0) <> coalesce(b.minor, 0)
 union all
select 'pay:' || c.payment_id || ' chg:' || c.change_id,
       format('is a %s of %s, its lines add up to %s', c.kind, c.amount_minor, n.minor)
  from changes c
  left join (select change_id, max(through) as minor from named group by change_id) as n using (change_id)
 where case c.kind when 'refund' then c.amount_minor <> n.minor
                   when 'increment' then c.lines is null
                   else c.lines is not null end
 union all
select 'pay:' || later.payment_id || ' tnd:' || later.tender_id,
       format('gave back at place %s, while tender %s, at place %s, had something left', later.place, earlier.number,
              earlier.place)
  from turn
  join tender later using (payment_id, number)
  join tender earlier
    on earlier.payment_id = later.payment_id
   and (earlier.place, earlier.number) < (later.place, later.number)
  join taken on taken.payment_id = earlier.payment_id and taken.number = earlier.number
  left join moved_back m on m.payment_id = earlier.payment_id and m.number = earlier.number
 where earlier.captured_minor > earlier.refunded_minor
   and taken.done_at <= turn.begun_at
   and m.payment_id is null
