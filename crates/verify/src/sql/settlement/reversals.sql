-- Which reversals are not of the line that they say, and which lines are reversals of nothing? Which lines got back in
-- full did not give everything back?
select 'pay:' || r.payment_id || ' sln:' || r.detail_id as id,
       concat_ws('; ',
           case when d.id is null then 'has no line' end,
           case when o.id is null then 'reverses nothing' end,
           case when o.quantity < 0 then 'reverses a reversal' end,
           case when (d.payment_id, d.line_number) is distinct from (r.payment_id, r.line_number)
                then 'its line is another one' end,
           case when (o.payment_id, o.line_number) is distinct from (r.payment_id, r.line_number)
                then 'reverses another line' end) as detail
  from reversals r
  left join settlement_details d on d.id = r.detail_id
  left join settlement_details o on o.id = r.reverses
 where d.id is null
    or o.id is null
    or o.quantity < 0
    or (d.payment_id, d.line_number) is distinct from (r.payment_id, r.line_number)
    or (o.payment_id, o.line_number) is distinct from (r.payment_id, r.line_number)
 union all
select 'pay:' || d.payment_id || ' sln:' || d.id,
       case when d.quantity >= 0 then 'sells, and takes back'
            when r.detail_id is null then 'takes back, and of nothing'
            else 'is of a refund and of a dispute' end
  from settlement_details d
  left join reversals r on r.detail_id = d.id
  left join disputed_lines c on c.detail_id = d.id
 where (d.quantity < 0) <> (r.detail_id is not null or c.detail_id is not null)
    or (r.detail_id is not null and c.detail_id is not null)
 union all
select 'pay:' || o.payment_id || ' sln:' || o.id, 'went back in full, and left something'
  from settlement_details o
  join (select r.reverses, sum(d.gross_minor) as gross, sum(d.tax_free_minor) as tax_free,
               sum(d.partner_discount_minor) as by_partner, sum(d.platform_discount_minor) as by_platform,
               sum(d.fee_base_minor) as base, sum(d.share_fee_minor) as share, sum(d.flat_fee_minor) as flat,
               sum(d.shipping_fee_minor) as of_shipping, sum(d.fee_vat_minor) as vat,
               sum(d.shipping_minor) as shipping, sum(d.net_minor) as net
          from reversals r
          join settlement_details d on d.id = r.detail_id
         group by r.reverses) as back on back.reverses = o.id
 where o.gross_minor::numeric - o.partner_discount_minor - o.platform_discount_minor + o.shipping_minor > 0
   and back.gross - back.by_partner - back.by_platform + back.shipping
       = -(o.gross_minor::numeric - o.partner_discount_minor - o.platform_discount_minor + o.shipping_minor)
   and (back.gross, back.tax_free, back.by_partner, back.by_platform, back.base, back.share, back.flat,
        back.of_shipping, back.vat, back.shipping, back.net)
       is distinct from
       (-o.gross_minor::numeric, -o.tax_free_minor::numeric, -o.partner_discount_minor::numeric,
        -o.platform_discount_minor::numeric, -o.fee_base_minor::numeric, -o.share_fee_minor::numeric,
        -o.flat_fee_minor::numeric, -o.shipping_fee_minor::numeric, -o.fee_vat_minor::numeric,
        -o.shipping_minor::numeric, -o.net_minor::numeric)
