-- What does each window pay, and what does it carry forward?
insert into settlements
       (id, window_id, partner_id, currency, starts_on, ends_on, time_zone, due_on, calendar_version, contract_id,
        contract_version, line_count, gross_minor, partner_discount_minor, platform_discount_minor, fee_minor,
        fee_vat_minor, fee_vat_on_top_minor, shipping_minor, earned_minor, carried_in_minor, minimum_payout_minor,
        payable_minor, carried_out_minor, settled_at)
select f.*, $25
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::text[], $8::date[],
              $9::text[], $10::uuid[], $11::int[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
              $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
              $22::bigint[], $23::bigint[], $24::bigint[]) as f
