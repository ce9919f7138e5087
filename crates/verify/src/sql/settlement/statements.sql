-- What does each statement say?
select id::text,
       format('window=%s partner=%s currency=%s starts_on=%s ends_on=%s due_on=%s lines=%s earned=%s carried_in=%s payable=%s carried_out=%s settled_at=%s',
              window_id, partner_id, currency, starts_on, ends_on, due_on, line_count, earned_minor, carried_in_minor,
              payable_minor, carried_out_minor, (extract(epoch from settled_at) * 1000000)::bigint)
  from settlements
 order by id
