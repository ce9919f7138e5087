use RefundOutcome::{Refunded, Reversed as TakenBack};
use contracts::events::{Discount, PaymentCompleted};
use ids::PartnerId;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::events::{payment_completed, payment_refunded};

use super::*;
use crate::domain::contract::tests::{at, day, version};
use crate::domain::pricing::price;
use crate::domain::pricing::tests::any_terms;
use crate::domain::window::place;

/// One line: price, quantity, Dp, Dm, shipping.
fn payment([unit_price, quantity, by_partner, by_platform, shipping]: [i64; 5]) -> PaymentCompleted {
    let partner_id = PartnerId::from_uuid(uuid::Uuid::from_u128(1));
    let mut payment = payment_completed(partner_id, unit_price, at("2026-03-01T01:00:00Z"));
    let line = &mut payment.lines[0];
    line.quantity = i32::try_from(quantity).unwrap();
    line.shipping_minor = shipping;
    line.tax_free_minor = unit_price / 3;
    for (amount_minor, funded_by) in [(by_partner, Bearer::Partner), (by_platform, Bearer::Platform)] {
        if amount_minor > 0 {
            line.discounts.push(Discount {
                amount_minor,
                funded_by,
            });
        }
    }
    payment
}

/// A world of one contract, one line and what is taken back of it.
struct Sold {
    payment: PaymentCompleted,
    versions: Versions,
    line: SaleLine,
    price: Price,
    original: Original,
}

fn sold(changes: &Value, payment: PaymentCompleted) -> Sold {
    let versions = Versions::new(vec![version(1, "2026-01-01", changes)]);
    let line = SaleLine::of(&payment).unwrap().remove(0);
    let placement = place(&versions, line.account, line.sold_at, None)
        .unwrap()
        .unwrap();
    let price = price(&placement.version.terms, &line).unwrap();
    let original = Original::of(&line, &placement, &price).unwrap();
    Sold {
        payment,
        versions,
        line,
        price,
        original,
    }
}

impl Sold {
    fn reversal(&self, outcome: RefundOutcome, refunded: i64, before: i64) -> Reversal {
        let told = payment_refunded(
            &self.payment,
            outcome,
            &[(1, refunded, before)],
            at("2026-03-05T01:00:00Z"),
        );
        Reversal::of(&told).unwrap().remove(0)
    }
}

/// Of a line sold under those terms, each step (outcome, refunded, before) takes back G, fee, VAT and net.
#[track_caller]
fn check(changes: &Value, line: [i64; 5], steps: &[(RefundOutcome, i64, i64, [i64; 4])]) {
    let sold = sold(changes, payment(line));
    for (outcome, refunded, before, expected) in steps {
        let reversal = sold.reversal(*outcome, *refunded, *before);
        let price = reversal.price(&sold.original).unwrap();
        assert_eq!(
            [
                price.gross_minor,
                price.fee_minor,
                price.fee_vat_minor,
                price.net_minor
            ],
            *expected,
            "{changes} {line:?} {outcome:?} {refunded} after {before}"
        );
    }
}

#[test]
fn the_whole_takes_the_whole_back() {
    // 10,000 at 10 %: fee 1,000, VAT 100, net 8,900.
    check(
        &json!({}),
        [10_000, 1, 0, 0, 0],
        &[(Refunded, 10_000, 0, [-10_000, -1_000, -100, -8_900])],
    );
    // The minimum and the flat fee too.
    check(
        &json!({"fee_minimum_minor": 500, "flat_fee_minor": 70}),
        [500, 2, 0, 0, 0],
        &[(Refunded, 1_000, 0, [-1_000, -570, -57, -373])],
    );
}

#[test]
fn parts_are_cut_so_far_less_before() {
    check(
        &json!({}),
        [10_000, 1, 0, 0, 0],
        &[
            (Refunded, 3_333, 0, [-3_333, -333, -33, -2_967]),
            (Refunded, 3_333, 3_333, [-3_333, -333, -33, -2_967]),
            // What was cut off before comes with the last part.
            (Refunded, 3_334, 6_666, [-3_334, -334, -34, -2_966]),
        ],
    );
}

#[test]
fn a_refund_that_was_taken_back_gives_what_it_took() {
    check(
        &json!({}),
        [10_000, 1, 0, 0, 0],
        &[
            (Refunded, 3_333, 0, [-3_333, -333, -33, -2_967]),
            (TakenBack, 3_333, 3_333, [3_333, 333, 33, 2_967]),
            (Refunded, 10_000, 0, [-10_000, -1_000, -100, -8_900]),
        ],
    );
}

#[test]
fn discounts_and_shipping_go_back_with_their_shares() {
    // A 33,000 item with a 3,000 coupon, shared half and half, and 3,000 for shipping: half of it.
    check(
        &json!({"fee_base": "less_partner_discounts"}),
        [33_000, 1, 1_500, 1_500, 3_000],
        &[(Refunded, 16_500, 0, [-16_500, -1_575, -157, -15_518])],
    );
}

#[test]
fn vat_borne_by_the_platform_goes_back_inside_the_fee() {
    check(
        &json!({"fee_vat": {"rate_ppm": 100_000, "borne_by": "platform"}}),
        [11_000, 1, 0, 0, 0],
        &[(Refunded, 5_500, 0, [-5_500, -550, -50, -4_950])],
    );
}

#[test]
fn the_line_of_a_reversal_is_one_piece_taken_back_at_the_part_of_the_price() {
    let sold = sold(&json!({}), payment([10_000, 2, 0, 0, 500]));
    for (outcome, unit_price, shipping) in [(Refunded, 10_000, -250), (TakenBack, -10_000, 250)] {
        let reversal = sold.reversal(outcome, 10_250, 10_250);
        let reversed = reversal.priced(&sold.original, &sold.versions, None).unwrap();
        let line = &reversed.line;
        assert_eq!(
            (line.quantity, line.unit_price_minor, line.shipping_minor),
            (-1, unit_price, shipping)
        );
        assert_eq!(reversed.price.gross_minor, -unit_price);
        assert_eq!((line.id, reversed.reverses), (reversal.id, sold.line.id));
        assert_eq!(line.sold_at, sold.line.sold_at);
    }
}

#[test]
fn a_reversal_goes_into_the_window_of_its_own_day_by_the_version_of_its_sale() {
    let weekly = json!({"rate_ppm": 200_000, "cycle": {"kind": "weekly", "ends_on": "sunday"}});
    let mut sold = sold(&json!({}), payment([10_000, 1, 0, 0, 0]));
    sold.versions = Versions::new(vec![
        version(1, "2026-01-01", &json!({})),
        version(2, "2026-03-10", &weekly),
    ]);
    for (refunded_at, closed, on, ends_on) in [
        ("2026-03-05T14:59:59Z", None, "2026-03-05", "2026-03-05"),
        ("2026-03-05T15:00:00Z", None, "2026-03-06", "2026-03-06"),
        (
            "2026-03-05T01:00:00Z",
            Some("2026-03-07"),
            "2026-03-05",
            "2026-03-08",
        ),
        // By the cycle of the version that is in force by then.
        ("2026-03-10T01:00:00Z", None, "2026-03-10", "2026-03-15"),
        (
            "2026-03-05T01:00:00Z",
            Some("2026-03-10"),
            "2026-03-05",
            "2026-03-15",
        ),
        // Dated before there was a contract.
        ("2025-12-01T01:00:00Z", None, "2025-12-01", "2025-12-01"),
    ] {
        let mut reversal = sold.reversal(Refunded, 10_000, 0);
        reversal.refunded_at = at(refunded_at);
        let reversed = reversal
            .priced(&sold.original, &sold.versions, closed.map(day))
            .unwrap();
        assert_eq!(
            (reversed.refunded_on, reversed.placement.window.days.ends_on),
            (day(on), day(ends_on)),
            "{refunded_at} {closed:?}"
        );
        assert_eq!(reversed.placement.version.version, 1);
        assert_eq!(reversed.price.fee_minor, -1_000);
    }
}

type Change = fn(&mut RefundedLine);

#[test]
fn a_refund_that_contradicts_itself_is_refused() {
    let payment = payment([10_000, 1, 0, 0, 0]);
    let told = |outcome, change: Change| {
        let mut refund = payment_refunded(&payment, outcome, &[(1, 4_000, 4_000)], payment.sold_at);
        change(&mut refund.lines[0]);
        Reversal::of(&refund)
    };
    assert!(told(Refunded, |_| {}).is_ok());
    assert!(told(TakenBack, |_| {}).is_ok());
    let wrong: [(RefundOutcome, Change, &str); 4] = [
        (Refunded, |line| line.tax_free_minor = -1, "below 0"),
        (Refunded, |line| line.refunded_minor += 1, "add up to 4000"),
        (
            Refunded,
            |line| line.refunded_before_minor = 6_001,
            "10001 would be refunded, of 10000",
        ),
        (TakenBack, |line| line.refunded_before_minor = 3_999, "-1 would"),
    ];
    for (outcome, change, reason) in wrong {
        let refused = told(outcome, change).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn a_refund_of_another_sale_is_not_priced() {
    let sold = sold(&json!({}), payment([10_000, 1, 0, 0, 0]));
    let reversal = sold.reversal(Refunded, 10_000, 0);
    for original in [
        Original {
            owed_minor: 9_999,
            ..sold.original.clone()
        },
        Original {
            account: Account {
                partner_id: PartnerId::generate(),
                ..sold.original.account
            },
            ..sold.original.clone()
        },
    ] {
        let refused = reversal.priced(&original, &sold.versions, None).unwrap_err();
        assert!(refused.contains("as if it was sold"), "{refused}");
    }
}

/// A line for which something is owed.
fn any_payment() -> impl Strategy<Value = PaymentCompleted> {
    (
        1_000..10_000_000_i64,
        1..100_i64,
        0..500_i64,
        0..499_i64,
        0..50_000_i64,
    )
        .prop_map(|(unit_price, quantity, by_partner, by_platform, shipping)| {
            payment([unit_price, quantity, by_partner, by_platform, shipping])
        })
}

/// Every figure of a line.
fn figures(line: &SaleLine, price: &Price) -> [i64; 12] {
    [
        line.tax_free_minor,
        line.partner_discount_minor,
        line.platform_discount_minor,
        line.shipping_minor,
        price.gross_minor,
        price.fee_base_minor,
        price.share_fee_minor,
        price.flat_fee_minor,
        price.shipping_fee_minor,
        price.fee_minor,
        price.fee_vat_minor,
        price.net_minor,
    ]
}

proptest! {
    #[test]
    fn refunds_in_any_split_with_reversals_in_between_take_exactly_the_whole_back(
        terms in any_terms(), payment in any_payment(),
        steps in prop::collection::vec((0..1_000_i64, prop::bool::weighted(0.3)), 0..12),
    ) {
        let sold = sold(&serde_json::to_value(&terms).unwrap(), payment);
        let owed = sold.original.owed_minor;
        let mut told = Vec::new();
        let (mut back, mut standing) = (0, Vec::new());
        for (size, takes_back) in steps {
            if takes_back && !standing.is_empty() {
                // Any of those that stand, not only the last.
                let refunded = standing.swap_remove(usize::try_from(size).unwrap() % standing.len());
                told.push((TakenBack, refunded, back));
                back -= refunded;
            } else {
                let refunded = (owed - back) * size / 1_000;
                told.push((Refunded, refunded, back));
                back += refunded;
                standing.push(refunded);
            }
        }
        told.push((Refunded, owed - back, back));

        let mut sums = figures(&sold.line, &sold.price);
        for (outcome, refunded, before) in told {
            let reversal = sold.reversal(outcome, refunded, before);
            let reversed = reversal.priced(&sold.original, &sold.versions, None).unwrap();
            let price = reversed.price;
            prop_assert_eq!(price.fee_minor, price.share_fee_minor + price.flat_fee_minor + price.shipping_fee_minor);
            for (sum, figure) in sums.iter_mut().zip(figures(&reversed.line, &price)) {
                *sum += figure;
            }
        }
        prop_assert_eq!(sums, [0; 12]);
    }
}
