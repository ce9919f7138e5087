-- What does each line earn, by which contract, in which window?
insert into settlement_details
       (id, payment_id, line_number, partner_id, currency, category, unit_price_minor, quantity, gross_minor,
        tax_free_minor, partner_discount_minor, platform_discount_minor, fee_base, fee_base_minor, fee_rate_ppm,
        share_fee_minor, flat_fee_minor, shipping_fee_minor, fee_minor, fee_vat_rate_ppm, fee_vat_minor,
        fee_vat_borne_by, shipping_minor, net_minor, rounding, contract_id, contract_version, window_id, sold_at,
        sold_on, calendar_version, recorded_at)
select f.*, $32
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::int[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::int[],
              $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::int[], $21::bigint[], $22::text[],
              $23::bigint[], $24::bigint[], $25::text[], $26::uuid[], $27::int[], $28::uuid[],
              $29::timestamptz[], $30::date[], $31::text[]) as f
