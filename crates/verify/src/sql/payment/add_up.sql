-- Which payments are not what their lines and tenders add up to?
with back as (
    select o.payment_id, (part.value ->> 'line_number')::int as line_number,
           sum((part.value ->> 'amount_minor')::numeric) as given_back
      from transactions o
     cross join lateral jsonb_array_elements(o.parts) as part (value)
     where o.operation = 'refund' and o.state = 'succeeded'
     group by o.payment_id, line_number),
line as (
    select l.payment_id,
           sum(l.unit_price_minor::numeric * l.quantity - l.partner_discount_minor - l.platform_discount_minor
               + l.shipping_minor) as owed,
           count(*) as lines,
           max(l.line_number) as last,
           min(l.line_number) as first,
           sum(l.canceled_minor::numeric) as canceled,
           sum(l.refunded_minor::numeric) as refunded,
           bool_or(l.refunded_minor is distinct from coalesce(b.given_back, 0)) as given_back_differs,
           bool_or((l.currency, l.payment_amount_minor) is distinct from (p.currency, p.amount_minor)) as told_differs,
           bool_or(l.tax_free_minor > l.unit_price_minor::numeric * l.quantity) as tax_free_too_much,
           bool_or(case when l.discounts = '[]' then l.partner_discount_minor <> 0 or l.platform_discount_minor <> 0
                        else l.partner_discount_minor <> d.by_partner or l.platform_discount_minor <> d.by_platform
                             or d.strange end) as discounts_differ
      from payment_lines l
      join payments p using (payment_id)
      left join lateral (
           select coalesce(sum((value ->> 'amount_minor')::numeric) filter (where value ->> 'funded_by' = 'partner'), 0)
                      as by_partner,
                  coalesce(sum((value ->> 'amount_minor')::numeric) filter (where value ->> 'funded_by' = 'platform'), 0)
                      as by_platform,
                  coalesce(bool_or(value ->> 'funded_by' not in ('partner', 'platform')
                                   or (value ->> 'amount_minor')::numeric <= 0), false) as strange
             from jsonb_array_elements(l.discounts)) as d on l.discounts <> '[]'
      left join back b on b.payment_id = l.payment_id and b.line_number = l.line_number
     group by l.payment_id),
tender as (
    select t.payment_id,
           sum(t.amount_minor::numeric) as amount,
           sum(t.captured_minor::numeric) as captured,
           sum(t.authorized_minor::numeric - t.captured_minor - t.voided_minor) as held,
           count(*) as tenders,
           max(t.number) as last,
           min(t.number) as first,
           bool_or(t.authorized_minor > t.amount_minor) as beyond
      from tenders t
     group by t.payment_id),
stranger as (
    select caller
      from (select distinct caller from payments) as callers
     where caller !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$')
select 'pay:' || p.payment_id as id,
       concat_ws('; ',
           case when l.owed is distinct from p.owed_minor
                then format('owes %s, its lines add up to %s', p.owed_minor, l.owed) end,
           case when t.amount is distinct from p.amount_minor
                then format('is of %s, its tenders add up to %s', p.amount_minor, t.amount) end,
           case when t.captured is distinct from p.captured_minor
                then format('captured %s, its tenders %s', p.captured_minor, t.captured) end,
           case when l.lines <> l.last or l.first <> 1 then 'its lines are not numbered from 1' end,
           case when t.tenders <> t.last or t.first <> 1 then 'its tenders are not numbered from 1' end,
           case when t.beyond then 'a tender authorized more than its amount' end,
           case when l.given_back_differs then 'a line gave back other than its refunds say' end,
           case when l.canceled <> 0 and (p.origin = 'external' or t.held <> 0 or l.canceled <> p.owed_minor - p.captured_minor)
                then format('%s of its lines were let go, which is not what was never taken', l.canceled) end,
           case when l.told_differs then 'a line names another currency or amount of its payment' end,
           case when l.discounts_differ then 'discounts of a line are not their sums' end,
           case when l.tax_free_too_much then 'more of a line is tax-free than it costs' end,
           case when p.origin = 'platform' and p.owed_minor <> p.amount_minor then 'does not pay its lines' end,
           case when s.caller is not null then 'was made by nobody known' end,
           case when p.updated_at < p.created_at then 'was changed before it was made' end,
           case when (p.status = 'failed') and p.failure_code is null then 'failed for no reason' end) as detail
  from payments p
  left join line l using (payment_id)
  left join tender t using (payment_id)
  left join stranger s on s.caller = p.caller
 where l.owed is distinct from p.owed_minor
    or t.amount is distinct from p.amount_minor
    or t.captured is distinct from p.captured_minor
    or l.lines <> l.last or l.first <> 1
    or t.tenders <> t.last or t.first <> 1
    or t.beyond
    or l.told_differs
    or l.discounts_differ
    or l.given_back_differs
    or (l.canceled <> 0 and (p.origin = 'external' or t.held <> 0 or l.canceled <> p.owed_minor - p.captured_minor))
    or l.tax_free_too_much
    or (p.origin = 'platform' and p.owed_minor <> p.amount_minor)
    or s.caller is not null
    or p.updated_at < p.created_at
    or (p.status = 'failed' and p.failure_code is null)
