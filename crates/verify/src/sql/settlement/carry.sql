-- Which statements do not begin with what the one before left over, or pay what they should carry, and which balances
-- are not what the last one left?
with chain as (
    select s.id, s.partner_id, s.currency, s.earned_minor, s.carried_in_minor, s.payable_minor, s.carried_out_minor,
           s.minimum_payout_minor, s.ends_on,
           max(s.settled_at) over (partition by s.partner_id, s.currency) as last_at,
           lag(s.carried_out_minor) over account as left_over,
           row_number() over (partition by s.partner_id, s.currency
                                  order by w.ends_at desc, w.starts_on desc, w.id desc) as from_the_end,
           max(s.ends_on) over (partition by s.partner_id, s.currency) as last_day
      from settlements s
      join windows w on w.id = s.window_id
    window account as (partition by s.partner_id, s.currency order by w.ends_at, w.starts_on, w.id))
select 'stl:' || id as id,
       concat_ws('; ',
           case when carried_in_minor <> coalesce(left_over, 0)
                then format('carries in %s, the statement before left %s', carried_in_minor, coalesce(left_over, 0)) end,
           case when earned_minor::numeric + carried_in_minor <> payable_minor::numeric + carried_out_minor
                then 'earned and carried in are not payable and carried out' end,
           case when (carried_out_minor = 0 and payable_minor > 0)
                     <> (earned_minor::numeric + carried_in_minor >= greatest(minimum_payout_minor, 1))
                then format('pays %s and carries %s of %s, the minimum is %s', payable_minor, carried_out_minor,
                            earned_minor::numeric + carried_in_minor, minimum_payout_minor) end) as detail
  from chain
 where carried_in_minor <> coalesce(left_over, 0)
    or earned_minor::numeric + carried_in_minor <> payable_minor::numeric + carried_out_minor
    or (carried_out_minor = 0 and payable_minor > 0)
       <> (earned_minor::numeric + carried_in_minor >= greatest(minimum_payout_minor, 1))
 union all
select 'ptn:' || coalesce(b.partner_id, c.partner_id) || ' ' || coalesce(b.currency, c.currency),
       format('the balance is %s, closed through %s, of %s; the last statement left %s, ends on %s, is of %s',
              b.balance_minor, b.closed_through, b.updated_at, c.carried_out_minor, c.last_day, c.last_at)
  from carry_balances b
  full join (select * from chain where from_the_end = 1) as c
    on c.partner_id = b.partner_id and c.currency = b.currency
 where b.balance_minor is distinct from coalesce(c.carried_out_minor, 0)
    or b.closed_through is distinct from c.last_day
    or b.updated_at <> c.last_at
 union all
select 'ptn:' || coalesce(a.partner_id, b.partner_id) || ' ' || coalesce(a.currency, b.currency),
       case when b.partner_id is null then 'has a contract or lines, and no balance'
            else 'has a balance, and neither a contract nor lines' end
  from (select partner_id, currency from settlement_details
         union select partner_id, currency from waiting_lines
         union select partner_id, currency from waiting_reversals
         union select partner_id, currency from waiting_disputed_lines
         union select partner_id, currency from known_contract_versions) as a
  full join carry_balances b on b.partner_id = a.partner_id and b.currency = a.currency
 where a.partner_id is null
    or b.partner_id is null
