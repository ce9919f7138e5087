-- Which payments did not go the way that was decided for them, or were sent by another rule than the first that matches
-- them? Which rules can't be right?
with rule as (
    select r.version, rule.number::int as number, rule.value as asks,
           (rule.value ->> 'amount_from_minor')::numeric as least,
           (rule.value ->> 'amount_to_minor')::numeric as most,
           partner.id as partner_id
      from routing_tables r
     cross join lateral jsonb_array_elements(r.rules) with ordinality as rule (value, number)
      -- An identifier outside is 26 digits of 5 bits each, of which the first two say nothing; inside it is 32 of 4 bits.
      left join lateral (
           select string_agg(to_hex(substr(bits.all_of_them, 3 + 4 * place, 4)::bit(4)::int), '' order by place)::uuid as id
             from (select string_agg((position(digit in '0123456789abcdefghjkmnpqrstvwxyz') - 1)::bit(5)::text, ''
                                     order by place) as all_of_them
                     from regexp_split_to_table(substr(rule.value ->> 'partner_id', 5), '') with ordinality
                          as digits (digit, place)) as bits
            cross join generate_series(0, 31) as place) as partner on rule.value ->> 'partner_id' is not null),
route as (
    select r.payment_id, count(*) as places, min(r.place) as first, max(r.place) as last,
           array_agg(r.connector order by r.place) as connectors,
           min(r.routing_version) as version, min(r.rule_number) as rule_number,
           count(distinct format('%s/%s', r.routing_version, r.rule_number)) as decisions
      from payment_routes r
     group by r.payment_id),
-- What increments added was not there when it was decided.
grown as (
    select c.payment_id, o.amount_minor, min((line.value ->> 'line_number')::int) as first
      from changes c
      join transactions o using (change_id)
     cross join lateral jsonb_array_elements(c.lines) as line (value)
     where c.kind = 'increment' and o.state = 'succeeded'
     group by c.change_id, c.payment_id, o.amount_minor),
matching as (
    select route.payment_id,
           (select min(rule.number)
              from rule
             where rule.version = route.version
               and coalesce(rule.asks ->> 'currency' = p.currency, true)
               and coalesce(rule.least <= p.amount_minor - later.minor, true)
               and coalesce(p.amount_minor - later.minor <= rule.most, true)
               and (rule.asks ->> 'tender_kind' is null
                    or exists (select from tenders t
                                where t.payment_id = p.payment_id and t.kind = rule.asks ->> 'tender_kind'))
               and (rule.partner_id is null
                    or exists (select from payment_lines l
                                where l.payment_id = p.payment_id and l.partner_id = rule.partner_id
                                  and (later.first is null or l.line_number < later.first)))) as number
      from route
      join payments p using (payment_id)
     cross join lateral (select coalesce(sum(g.amount_minor), 0) as minor, min(g.first) as first
                           from grown g
                          where g.payment_id = p.payment_id) as later),
beginning as (
    select o.payment_id, o.transaction_id, o.connector, o.cause, o.state,
           row_number() over (partition by o.payment_id order by o.created_at, o.transaction_id) as number,
           count(*) over (partition by o.payment_id) as all_of_them
      from transactions o
      join route using (payment_id)
     where o.operation in ('authorize', 'sale') and o.tender_number = 1),
means as (
    select m.payment_id, m.tender_number, m.payment_method_id, r.place, r.connector,
           known.connector as of_connector, known.kind, known.caller
      from payment_route_means m
      left join payment_routes r using (payment_id, place)
      left join payment_methods known on known.payment_method_id = m.payment_method_id)
select 'pay:' || route.payment_id as id,
       concat_ws('; ',
           case when route.first <> 1 or route.last <> route.places then 'the places of its route are not numbered from 1' end,
           case when route.decisions <> 1 then 'its route was decided by several rules' end,
           case when not p.connector = any(route.connectors)
                then format('is of %s, which is not on its route', p.connector) end,
           case when m.number is distinct from route.rule_number
                then format('was sent by rule %s of version %s, and rule %s is the first that matches it',
                            route.rule_number, route.version, m.number) end,
           case when used.created_at > p.created_at + interval '1 minute' then 'was sent by rules that came later' end,
           case when exists (select from routing_tables later
                              where later.version > coalesce(route.version, 0)
                                and later.created_at < p.created_at - interval '1 minute')
                then 'was sent by rules that had been replaced' end,
           case when exists (select from unnest(route.connectors) as asked (connector)
                              where not rule.asks -> 'connectors' @> jsonb_build_array(
                                        jsonb_build_object('connector', asked.connector)))
                then 'its rule names nobody of its route' end) as detail
  from route
  join payments p using (payment_id)
  left join matching m using (payment_id)
  left join routing_tables used on used.version = route.version
  left join rule on rule.version = route.version and rule.number = route.rule_number
 where route.first <> 1 or route.last <> route.places
    or route.decisions <> 1
    or not p.connector = any(route.connectors)
    or m.number is distinct from route.rule_number
    or used.created_at > p.created_at + interval '1 minute'
    or exists (select from routing_tables later
                where later.version > coalesce(route.version, 0)
                  and later.created_at < p.created_at - interval '1 minute')
    or exists (select from unnest(route.connectors) as asked (connector)
                where not rule.asks -> 'connectors' @> jsonb_build_array(
                          jsonb_build_object('connector', asked.connector)))
 union all
-- Who is on a route knows the means of every tender.
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id,
       format('at place %s of its route, %s, %s of %s is to be paid by %s of %s through %s', r.place, r.connector, t.kind,
              p.caller, m.kind, m.caller, m.of_connector)
  from payment_routes r
  join payments p using (payment_id)
  join tenders t using (payment_id)
  left join means m on m.payment_id = r.payment_id and m.place = r.place and m.tender_number = t.number
 where (m.of_connector, m.kind, m.caller) is distinct from (r.connector, t.kind, p.caller)
 union all
select 'pay:' || m.payment_id, format('tender %s has means for a place that its route has not', m.tender_number)
  from means m
 where m.place is null
 union all
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id,
       format('is paid by another means than its route has for %s', p.connector)
  from means m
  join payments p on p.payment_id = m.payment_id and p.connector = m.connector
  join tenders t on t.payment_id = m.payment_id and t.number = m.tender_number
 where t.payment_method_id is distinct from m.payment_method_id
 union all
-- One after the other was asked, each since the one before it had refused.
select 'pay:' || b.payment_id || ' txn:' || b.transaction_id,
       format('is number %s of %s that begin the payment, for %s, of %s, %s; its route is %s', b.number, b.all_of_them,
              b.cause, b.connector, b.state, array_to_string(route.connectors, ', '))
  from beginning b
  join route using (payment_id)
 where b.connector is distinct from route.connectors[b.number]
    or (b.number > 1) <> (coalesce(b.cause, 'order') = 'fallback')
    or (b.number < b.all_of_them and b.state not in ('declined', 'failed'))
 union all
select 'pay:' || o.payment_id || ' txn:' || o.transaction_id,
       format('%s was asked for a payment of %s', o.connector, p.connector)
  from transactions o
  join payments p using (payment_id)
  left join beginning b using (transaction_id)
 where o.connector <> p.connector and (b.transaction_id is null or b.number = b.all_of_them)
 union all
select 'pay:' || o.payment_id || ' txn:' || o.transaction_id, 'belongs to a route that its payment has not'
  from transactions o
 where (o.connector is not null or o.cause = 'fallback')
   and not exists (select from route where route.payment_id = o.payment_id)
 union all
select 'rules ' || r.version,
       concat_ws('; ',
           case when r.version <> r.number then 'do not follow those before them' end,
           case when r.created_at <= r.before then 'were written before those that they replaced' end,
           case when r.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
                then 'were written by nobody known' end,
           case when faulty.number is not null then format('rule %s names nobody, or an amount of no currency', faulty.number) end)
  from (select *, row_number() over (order by version) as number, lag(created_at) over (order by version) as before
          from routing_tables) as r
  left join lateral (
       select min(rule.number) as number
         from rule
        where rule.version = r.version
          and (coalesce(jsonb_array_length(rule.asks -> 'connectors'), 0) = 0
               or coalesce(rule.least, rule.most) is not null and rule.asks ->> 'currency' is null
               or exists (select from jsonb_array_elements(rule.asks -> 'connectors') as one (value)
                           where (one.value ->> 'weight')::numeric not between 1 and 1000
                              or one.value ->> 'connector' not in ('simulator', 'stripe')))) as faulty on true
 where r.version <> r.number
    or r.created_at <= r.before
    or r.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
    or faulty.number is not null
