-- Which disputed lines are not of the line that they say, or of none? Of which dispute did a line give back what it had not
-- taken, or take twice?
select 'pay:' || c.payment_id || ' sln:' || c.detail_id as id,
       concat_ws('; ',
           case when d.id is null then 'has no line' end,
           case when o.id is null then 'disputes nothing' end,
           case when o.quantity < 0 then 'disputes what takes back' end,
           case when (d.payment_id, d.line_number) is distinct from (c.payment_id, c.line_number)
                then 'its line is another one' end,
           case when (o.payment_id, o.line_number) is distinct from (c.payment_id, c.line_number)
                then 'disputes another line' end,
           case when (d.gross_minor < 0) is distinct from (c.funds = 'withdrawn')
                then format('was %s, and is %s', c.funds, d.gross_minor) end,
           case when d.tax_free_minor <> 0 then 'has a tax-free part, and is of no sale' end) as detail
  from disputed_lines c
  left join settlement_details d on d.id = c.detail_id
  left join settlement_details o on o.id = c.disputes
 where d.id is null
    or o.id is null
    or o.quantity < 0
    or (d.payment_id, d.line_number) is distinct from (c.payment_id, c.line_number)
    or (o.payment_id, o.line_number) is distinct from (c.payment_id, c.line_number)
    or (d.gross_minor < 0) is distinct from (c.funds = 'withdrawn')
    or d.tax_free_minor <> 0
 union all
select 'pay:' || payment_id,
       format('of line %s dsp:%s moved %s by its version %s, after %s', line_number, dispute_id, moved, version, before)
  from (select payment_id, line_number, dispute_id, version, moved,
               lag(moved) over (partition by payment_id, line_number, dispute_id order by version) as before
          from (select c.payment_id, c.line_number, c.dispute_id, c.version, d.gross_minor::numeric as moved
                  from disputed_lines c
                  join settlement_details d on d.id = c.detail_id
                 union all
                select payment_id, line_number, dispute_id, version,
                       case funds when 'withdrawn' then -disputed_minor::numeric else disputed_minor end
                  from waiting_disputed_lines) as moves) as courses
 where case when before is null then moved >= 0
            -- Taken once more, it may be another part of the line.
            when moved < 0 then before < 0
            else moved <> -before end
