-- Which reversals can't be priced yet, and why?
insert into waiting_reversals
       (id, payment_id, line_number, partner_id, currency, refund_id, outcome, gross_minor, tax_free_minor,
        partner_discount_minor, platform_discount_minor, shipping_minor, owed_minor, refunded_before_minor, sold_at,
        refunded_at, problem, recorded_at)
select f.*, $18
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::bigint[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
              $15::timestamptz[], $16::timestamptz[], $17::text[]) as f
