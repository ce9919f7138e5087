-- Which lines have no price yet, and why?
insert into waiting_lines
       (id, payment_id, line_number, partner_id, currency, category, unit_price_minor, quantity, tax_free_minor,
        partner_discount_minor, platform_discount_minor, shipping_minor, sold_at, problem, recorded_at)
select f.*, $15
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::int[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::timestamptz[], $14::text[]) as f
