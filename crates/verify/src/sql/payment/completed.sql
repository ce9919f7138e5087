-- What was sold and taken in each payment that was captured in full, whatever was given back later?
with done as (
    select t.payment_id, max(t.updated_at) as done_at
      from transactions t
     where t.operation in ('capture', 'sale', 'void') and t.state = 'succeeded'
     group by t.payment_id
    having bool_or(t.operation in ('capture', 'sale'))),
-- Given up, since a later tender was refused: what was taken goes back, and nothing was sold.
given_up as (
    select r.payment_id
      from transactions r
     where r.state in ('declined', 'failed', 'canceled', 'expired')
       and coalesce(r.cause, case when r.operation in ('authorize', 'sale') then 'order' end) in ('order', 'fallback')
       and not exists (select from transactions other
                        where other.payment_id = r.payment_id and other.tender_number = r.tender_number
                          and other.operation = r.operation and other.state = 'succeeded'
                          and coalesce(other.cause, 'order') in ('order', 'fallback'))),
tender as (
    select t.payment_id,
           string_agg(format('%s:%s:%s', t.tender_id, t.kind, t.captured_minor), ',' order by t.number) as all_of_them,
           sum(t.authorized_minor::numeric - t.captured_minor - t.voided_minor) as held
      from tenders t
     group by t.payment_id),
-- A line of which a part was let go is told of as one piece at what is left.
whole as (
    select l.*,
           l.unit_price_minor::numeric * l.quantity as gross,
           l.unit_price_minor::numeric * l.quantity - l.partner_discount_minor - l.platform_discount_minor
               + l.shipping_minor as owed
      from payment_lines l),
part as (
    select w.*,
           case when w.canceled_minor > 0 then div(w.partner_discount_minor::numeric * w.canceled_minor, w.owed) else 0 end
               as partner_gone,
           case when w.canceled_minor > 0 then div(w.platform_discount_minor::numeric * w.canceled_minor, w.owed) else 0 end
               as platform_gone,
           case when w.canceled_minor > 0 then div(w.shipping_minor::numeric * w.canceled_minor, w.owed) else 0 end
               as shipping_gone,
           case when w.canceled_minor > 0 then div(w.tax_free_minor::numeric * w.canceled_minor, w.owed) else 0 end
               as tax_free_gone
      from whole w),
gone as (
    select p.*, p.canceled_minor + p.partner_gone + p.platform_gone - p.shipping_gone as gross_gone from part p),
line as (
    select l.payment_id,
           string_agg(format('[line=%s partner=%s category=%s price=%s quantity=%s shipping=%s tax_free=%s discounts=%s]',
                             l.line_number, l.partner_id, l.category,
                             case when l.canceled_minor > 0 then l.gross - l.gross_gone else l.unit_price_minor end,
                             case when l.canceled_minor > 0 then 1 else l.quantity end,
                             l.shipping_minor - l.shipping_gone,
                             l.tax_free_minor - least(greatest(l.tax_free_gone, l.gross_gone - l.gross + l.tax_free_minor,
                                                               0), l.gross_gone),
                             case when l.canceled_minor > 0 then
                                 concat_ws(',', 'partner:' || nullif(l.partner_discount_minor - l.partner_gone, 0),
                                                'platform:' || nullif(l.platform_discount_minor - l.platform_gone, 0))
                                  when l.discounts <> '[]' then
                                 (select string_agg(format('%s:%s', d.value ->> 'funded_by',
                                                                  d.value ->> 'amount_minor'), ',' order by d.place)
                                                  from jsonb_array_elements(l.discounts)
                                                       with ordinality as d (value, place)) end),
                      ' ' order by l.line_number) as all_of_them
      from gone l
     group by l.payment_id)
select p.payment_id::text,
       format('reference=%s sold_at=%s origin=%s currency=%s told_at=%s tenders=%s %s', p.order_reference,
              (extract(epoch from p.sold_at) * 1000000)::bigint, p.origin, p.currency,
              (extract(epoch from done.done_at) * 1000000)::bigint, t.all_of_them, l.all_of_them)
  from payments p
  join done using (payment_id)
  join tender t using (payment_id)
  left join line l using (payment_id)
 where t.held <= 0
   and not exists (select from given_up g where g.payment_id = p.payment_id)
 order by p.payment_id
