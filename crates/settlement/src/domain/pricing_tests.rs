use chrono::DateTime;
use ids::{PartnerId, PaymentId, SettlementDetailId};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::contract::Account;
use crate::domain::contract::tests::terms;

pub(crate) fn line(unit_price: i64, quantity: i32, partner: i64, platform: i64, shipping: i64) -> SaleLine {
    SaleLine {
        id: SettlementDetailId::from_uuid(Uuid::nil()),
        payment_id: PaymentId::from_uuid(Uuid::nil()),
        line_number: 1,
        account: Account {
            partner_id: PartnerId::from_uuid(Uuid::nil()),
            currency: Currency::KRW,
        },
        sold_at: DateTime::UNIX_EPOCH,
        category: "books".into(),
        unit_price_minor: unit_price,
        quantity,
        tax_free_minor: 0,
        partner_discount_minor: partner,
        platform_discount_minor: platform,
        shipping_minor: shipping,
    }
}

fn check(changes: &Value, line: &SaleLine, base: i64, fee: i64, vat: i64, net: i64) {
    let price = price(&terms(changes), line).unwrap();
    assert_eq!(
        (
            price.fee_base_minor,
            price.fee_minor,
            price.fee_vat_minor,
            price.net_minor
        ),
        (base, fee, vat, net),
        "{changes} {line:?}"
    );
}

#[test]
fn a_plain_line_pays_its_fee_and_the_vat_on_top() {
    check(&json!({}), &line(10_000, 1, 0, 0, 0), 10_000, 1_000, 100, 8_900);
    check(&json!({}), &line(2_500, 4, 0, 0, 0), 10_000, 1_000, 100, 8_900);
    check(&json!({}), &line(0, 1, 0, 0, 0), 0, 0, 0, 0);
}

#[test]
fn the_fee_base_decides_which_discounts_count() {
    let coupon = line(33_000, 1, 1_500, 1_500, 0);
    for (base, expected, fee, vat, net) in [
        ("gross", 33_000, 3_300, 330, 27_870),
        ("less_partner_discounts", 31_500, 3_150, 315, 28_035),
        ("less_all_discounts", 30_000, 3_000, 300, 28_200),
    ] {
        check(&json!({"fee_base": base}), &coupon, expected, fee, vat, net);
    }
}

#[test]
fn a_base_below_zero_earns_no_share() {
    let given_away = line(1_000, 1, 800, 700, 0);
    check(
        &json!({"fee_base": "less_all_discounts"}),
        &given_away,
        0,
        0,
        0,
        200,
    );
}

#[test]
fn vat_borne_by_the_platform_is_inside_the_fee() {
    let platform = json!({"fee_vat": {"rate_ppm": 100_000, "borne_by": "platform"}});
    check(&platform, &line(11_000, 1, 0, 0, 0), 11_000, 1_100, 100, 9_900);
    check(&platform, &line(10_000, 1, 0, 0, 0), 10_000, 1_000, 90, 9_000);
}

#[test]
fn the_share_stays_within_its_minimum_and_maximum() {
    let limits = json!({"fee_minimum_minor": 500, "fee_maximum_minor": 2_000});
    check(&limits, &line(1_000, 1, 0, 0, 0), 1_000, 500, 50, 450);
    check(&limits, &line(10_000, 1, 0, 0, 0), 10_000, 1_000, 100, 8_900);
    check(&limits, &line(100_000, 1, 0, 0, 0), 100_000, 2_000, 200, 97_800);
}

#[test]
fn the_flat_fee_stands_beside_the_share_and_is_not_clamped() {
    let flat = json!({"flat_fee_minor": 300, "fee_maximum_minor": 1_000});
    check(&flat, &line(100_000, 1, 0, 0, 0), 100_000, 1_300, 130, 98_570);
}

#[test]
fn a_category_has_its_own_rate() {
    let books = json!({"category_rates": [{"category": "books", "rate_ppm": 50_000}]});
    check(&books, &line(10_000, 1, 0, 0, 0), 10_000, 500, 50, 9_450);
}

#[test]
fn shipping_passes_with_or_without_a_fee() {
    check(
        &json!({}),
        &line(10_000, 1, 0, 0, 3_000),
        10_000,
        1_000,
        100,
        11_900,
    );
    let with_fee = json!({"shipping": {"rule": "with_fee", "rate_ppm": 33_000}});
    check(
        &with_fee,
        &line(10_000, 1, 0, 0, 3_000),
        10_000,
        1_099,
        109,
        11_792,
    );
}

#[test]
fn fee_and_vat_are_rounded_as_the_contract_says() {
    for (rounding, fee, vat) in [
        ("down", 99, 9),
        ("up", 100, 10),
        ("half_up", 100, 10),
        ("half_even", 100, 10),
    ] {
        let price = price(&terms(&json!({"rounding": rounding})), &line(999, 1, 0, 0, 0)).unwrap();
        assert_eq!((price.fee_minor, price.fee_vat_minor), (fee, vat), "{rounding}");
    }
}

#[test]
fn an_amount_beyond_64_bits_is_refused() {
    let huge = line(i64::MAX, 2, 0, 0, 0);
    assert_eq!(price(&terms(&json!({})), &huge), Err(MoneyError::Overflow));
}

pub(crate) fn any_terms() -> impl Strategy<Value = ContractTerms> {
    (
        0..=1_000_000_u32,
        prop::option::of(0..5_000_i64),
        0..1_000_i64,
        prop::sample::select(vec!["gross", "less_partner_discounts", "less_all_discounts"]),
        prop::sample::select(vec!["partner", "platform"]),
        prop::sample::select(vec!["down", "up", "half_up", "half_even"]),
        prop::option::of(0..=1_000_000_u32),
    )
        .prop_map(|(rate, minimum, flat, base, bearer, rounding, shipping)| {
            let shipping = shipping.map_or(json!({"rule": "pass_through"}), |ppm| {
                json!({"rule": "with_fee", "rate_ppm": ppm})
            });
            terms(&json!({
                "rate_ppm": rate, "fee_minimum_minor": minimum, "flat_fee_minor": flat, "fee_base": base,
                "fee_vat": {"rate_ppm": 100_000, "borne_by": bearer}, "rounding": rounding, "shipping": shipping,
            }))
        })
}

pub(crate) fn any_line() -> impl Strategy<Value = SaleLine> {
    (
        0..10_000_000_i64,
        1..1_000_i32,
        0..10_000_i64,
        0..10_000_i64,
        0..50_000_i64,
    )
        .prop_map(|(price, quantity, partner, platform, shipping)| {
            line(price, quantity, partner, platform, shipping)
        })
}

proptest! {
    #[test]
    fn net_is_gross_less_discount_fee_and_vat_on_top_plus_shipping(terms in any_terms(), line in any_line()) {
        let p = price(&terms, &line).unwrap();
        let on_top = if p.fee_vat_borne_by == Bearer::Partner { p.fee_vat_minor } else { 0 };
        let expected = p.gross_minor - line.partner_discount_minor - p.fee_minor - on_top + line.shipping_minor;
        prop_assert_eq!(p.net_minor, expected);
        prop_assert_eq!(p.fee_minor, p.share_fee_minor + p.flat_fee_minor + p.shipping_fee_minor);
        prop_assert!(p.fee_minor >= 0 && p.fee_vat_minor >= 0);
    }
}
