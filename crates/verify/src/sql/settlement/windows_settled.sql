-- Which windows are not what their statements and lines say?
select 'win:' || coalesce(w.id, s.window_id, d.window_id) as id,
       concat_ws('; ',
           case when w.id is null then 'does not exist' end,
           case when w.state = 'settled' and s.id is null then 'is settled and has no statement' end,
           case when w.state <> 'settled' and s.id is not null then format('is %s and has a statement', w.state) end,
           case when w.state = 'requested' and w.requested_at is null then 'was requested at no time' end,
           case when w.state = 'open' and w.requested_at is not null then 'is open and was requested' end,
           case when d.window_id is null then 'has no lines' end,
           case when (s.partner_id, s.currency, s.starts_on, s.ends_on, s.time_zone, s.settled_at)
                     is distinct from (w.partner_id, w.currency, w.starts_on, w.ends_on, w.time_zone, w.settled_at)
                     and s.id is not null
                then 'its statement is of other days or another partner' end,
           case when not d.came_with_one then 'was not made with one of its lines' end,
           case when d.strangers > 0 then 'has lines of another partner or currency' end,
           case when s.line_count <> d.lines then format('its statement counts %s lines of %s', s.line_count, d.lines) end,
           case when (s.gross_minor, s.partner_discount_minor, s.platform_discount_minor, s.fee_minor, s.fee_vat_minor,
                      s.fee_vat_on_top_minor, s.shipping_minor, s.earned_minor)
                     is distinct from (d.gross, d.by_partner, d.by_platform, d.fee, d.vat, d.vat_on_top, d.shipping, d.net)
                     and s.id is not null
                then format('its statement says gross %s, discounts %s and %s, fee %s, VAT %s (%s on top), shipping %s, earned %s; its lines %s, %s and %s, %s, %s (%s), %s, %s',
                            s.gross_minor, s.partner_discount_minor, s.platform_discount_minor, s.fee_minor,
                            s.fee_vat_minor, s.fee_vat_on_top_minor, s.shipping_minor, s.earned_minor,
                            d.gross, d.by_partner, d.by_platform, d.fee, d.vat, d.vat_on_top, d.shipping, d.net)
           end) as detail
  from windows w
  full join settlements s on s.window_id = w.id
  full join (select d.window_id,
                    count(*) as lines,
                    coalesce(bool_or(d.recorded_at = v.created_at), false) as came_with_one,
                    sum(d.gross_minor) as gross,
                    sum(d.partner_discount_minor) as by_partner,
                    sum(d.platform_discount_minor) as by_platform,
                    sum(d.fee_minor) as fee,
                    sum(d.fee_vat_minor) as vat,
                    coalesce(sum(d.fee_vat_minor) filter (where d.fee_vat_borne_by = 'partner'), 0) as vat_on_top,
                    sum(d.shipping_minor) as shipping,
                    sum(d.net_minor) as net,
                    count(*) filter (where (d.partner_id, d.currency) is distinct from (v.partner_id, v.currency))
                        as strangers
               from settlement_details d
               left join windows v on v.id = d.window_id
              group by d.window_id) as d on d.window_id = coalesce(w.id, s.window_id)
 where w.id is null
    or (w.state = 'settled') <> (s.id is not null)
    or (w.state = 'requested' and w.requested_at is null)
    or (w.state = 'open' and w.requested_at is not null)
    or d.window_id is null
    or d.strangers > 0
    or not d.came_with_one
    or (s.id is not null and
        (s.partner_id, s.currency, s.starts_on, s.ends_on, s.time_zone, s.settled_at, s.line_count,
         s.gross_minor::numeric, s.partner_discount_minor::numeric, s.platform_discount_minor::numeric,
         s.fee_minor::numeric, s.fee_vat_minor::numeric, s.fee_vat_on_top_minor::numeric, s.shipping_minor::numeric,
         s.earned_minor::numeric)
        is distinct from
        (w.partner_id, w.currency, w.starts_on, w.ends_on, w.time_zone, w.settled_at, d.lines, d.gross, d.by_partner,
         d.by_platform, d.fee, d.vat, d.vat_on_top, d.shipping, d.net))
