-- Payments number $1 to $2 of $3, each with a tender, an operation and one or two lines. The last is made now, the first
-- two years before.
with thrown as (
    select number, now() - interval '2 years' * (($3 - number) / $3::float8) as exact_at,
           pg_temp.share(number, 1, 100000) as luck,
           pg_temp.share(number, 2, 10) as tenth,
           pg_temp.share(number, 3, 1000000) / 1e6::float8 as size,
           pg_temp.share(number, 4, 200) as popular,
           pg_temp.share(number, 5, 10) as second,
           pg_temp.rank(number, 6) as first_rank,
           -- Twenty of all: those of the smallest partner, and those of the rarest card.
           number % ($3::bigint / 20) as place
      from generate_series($1::bigint, $2::bigint) as n (number)
     -- Each is thrown once, however often it is looked at.
    offset 0
), chosen as (
    select number, place, second, popular,
           -- An identifier holds milliseconds.
           date_trunc('milliseconds', exact_at) as at,
           case when place = 11 then 'completed'
                when luck < 1 then 'requires_action'
                when luck < 2 then 'processing'
                when luck < 3 then 'requested'
                when luck < 1003 then 'failed'
                when luck < 1503 then 'refunded'
                when luck < 2003 then 'partially_refunded'
                when luck < 2203 then 'canceled'
                when luck < 2503 then 'authorized'
                else 'completed' end as status,
           case when tenth = 0 then 'USD' else 'KRW' end as currency,
           -- Three quarters are cards; what was recorded from elsewhere is completed.
           place = 11 or luck < 2503 or tenth < 8 as is_card,
           case when place = 7 then 1001
                -- The third has sold nothing for a year.
                when first_rank = 3 and number > $3::bigint / 2 then 1
                else first_rank end as rank,
           case when tenth = 0 then (100 * exp(size * 6))::bigint
                -- The second sells what is cheap.
                when first_rank = 2 then 1000 + (size * 40)::bigint * 100
                else (10 * exp(size * 7))::bigint * 100 end as amount_minor
      from thrown
    offset 0
), made as materialized (
    select *, pg_temp.name(number, at) as payment_id, lpad(number::text, 12, '0') as digits,
           case when status in ('completed', 'refunded', 'partially_refunded') then amount_minor else 0 end as captured,
           case when status in ('completed', 'refunded', 'partially_refunded', 'authorized') then amount_minor
                else 0 end as held,
           case status when 'refunded' then amount_minor when 'partially_refunded' then amount_minor / 2
                else 0 end as refunded
      from chosen
), paid as (
    insert into payments (payment_id, caller, order_reference, currency, origin, connector, capture, status,
                          owed_minor, amount_minor, captured_minor, failure_code, failure_detail, sold_at, created_at,
                          updated_at)
    select payment_id, 'shop-' || number % 4, 'order-' || digits, currency,
           case when is_card then 'platform' else 'external' end,
           case when is_card then 'simulator' else 'external' end,
           case status when 'authorized' then 'manual' else 'automatic' end, status,
           amount_minor, amount_minor, captured, case status when 'failed' then 'declined' end,
           case status when 'failed' then 'the card was declined' end, at, at, at
      from made
), tendered as (
    insert into tenders (payment_id, number, tender_id, kind, payment_method_id, amount_minor, authorized_minor,
                         captured_minor, refunded_minor)
    select payment_id, 1, payment_id, case when is_card then 'card' else 'bank_transfer' end,
           case when is_card then
               pg_temp.name(m.method, '2024-01-01') end, amount_minor, held, captured, refunded
      from made
     cross join lateral (
           select case when place = 11 then 1 when popular = 0 then 0
                       else 2 + pg_temp.share(number, 7, $4 - 2) end as method) as m
), asked as (
    insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key,
                              refusal_code, refusal_detail, due_at, action_url, action_until, created_at, updated_at)
    select payment_id, payment_id, 1, case status when 'authorized' then 'authorize' else 'sale' end,
           case status when 'failed' then 'declined' when 'canceled' then 'canceled' when 'processing' then 'sent'
                       when 'requested' then 'created' when 'requires_action' then status else 'succeeded' end,
           amount_minor, case when is_card then 'key-' || digits end,
           case when status in ('failed', 'canceled') then status end,
           case when status in ('failed', 'canceled') then status end,
           -- Nobody takes up what is open while it is looked at.
           case when status in ('processing', 'requested', 'requires_action') then at + interval '10 years' end,
           case status when 'requires_action' then 'http://127.0.0.1/act' end,
           case status when 'requires_action' then at + interval '10 years' end, at, at
      from made
)
insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
                           tax_free_minor, partner_discount_minor, platform_discount_minor, discounts, currency,
                           payment_amount_minor)
select payment_id, line, pg_temp.partner(case when line = 1 then rank else other end), 'books',
       case when lines = 1 then amount_minor when line = 1 then amount_minor / 2
            else amount_minor - amount_minor / 2 end, 1, 0, 0, 0, 0, '[]', currency, amount_minor
  from made
 -- Three of ten have two lines, and of these every third both of one partner.
 cross join lateral (
       select case when second < 3 then 2 else 1 end as lines,
              case when second = 0 or rank > 1000 then rank
                   -- Neither the second nor the third: what is said of these two above holds for all of theirs.
                   when second_rank in (2, 3) then 1
                   else second_rank end as other
         from (select pg_temp.rank(number, 8) as second_rank) as r) as l
 cross join lateral generate_series(1, lines) as line
