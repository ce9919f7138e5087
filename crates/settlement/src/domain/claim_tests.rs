use contracts::contract_terms::Bearer;
use contracts::events::{DisputeState, DisputedLine, PaymentCompleted};
use ids::PartnerId;
use money::Money;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::events::{dispute_changed, payment_completed};

use super::*;
use crate::domain::contract::tests::{at, day, version};
use crate::domain::pricing::price;
use crate::domain::window::place;

/// A contract, a line of 10,000 and 3,000 for shipping, and what is disputed of it.
struct Sold {
    payment: PaymentCompleted,
    versions: Versions,
    original: Original,
}

fn sold(changes: &Value) -> Sold {
    let partner_id = PartnerId::from_uuid(uuid::Uuid::from_u128(1));
    let mut payment = payment_completed(partner_id, 10_000, at("2026-03-01T01:00:00Z"));
    payment.lines[0].shipping_minor = 3_000;
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
        original,
    }
}

impl Sold {
    fn told(&self, funds: DisputedFunds, disputed: i64) -> DisputeChanged {
        dispute_changed(
            &self.payment,
            DisputeState::NeedsResponse,
            funds,
            disputed,
            &[(1, disputed)],
            at("2026-03-05T01:00:00Z"),
        )
    }

    fn claim(&self, funds: DisputedFunds, disputed: i64) -> Claim {
        Claim::of(&self.told(funds, disputed)).unwrap().remove(0)
    }
}

#[test]
fn a_dispute_takes_what_is_disputed_without_a_fee_and_gives_back_the_same() {
    for changes in [
        json!({}),
        json!({"fee_minimum_minor": 500, "flat_fee_minor": 70}),
        json!({"fee_vat": {"rate_ppm": 100_000, "borne_by": "platform"}}),
    ] {
        let sold = sold(&changes);
        for (funds, disputed, net) in [
            (DisputedFunds::Withdrawn, 13_000, -13_000),
            (DisputedFunds::Withdrawn, 1, -1),
            (DisputedFunds::Returned, 13_000, 13_000),
        ] {
            let claim = sold.claim(funds, disputed);
            let priced = claim.priced(&sold.original, &sold.versions, None).unwrap();
            let Price {
                gross_minor,
                fee_minor,
                fee_vat_minor,
                fee_rate,
                net_minor,
                ..
            } = priced.price;
            assert_eq!(
                (gross_minor, fee_minor, fee_vat_minor, fee_rate, net_minor),
                (net, 0, 0, Rate::ZERO, net)
            );
            assert_eq!(priced.price.fee_vat_borne_by, sold.original.fee_vat_borne_by);
            let line = &priced.line;
            assert_eq!((line.quantity, line.unit_price_minor), (-1, -net));
            assert_eq!(line.shipping_minor, 0);
            assert_eq!((priced.disputes, priced.line.id), (sold.original.id, claim.id));
        }
    }
    assert_eq!(sold(&json!({})).original.fee_vat_borne_by, Bearer::Partner);
}

#[test]
fn a_dispute_goes_into_the_window_of_its_day_or_the_next_open_one() {
    let dates = json!({"cycle": {"kind": "dates", "ends_on": ["2026-03-10", "2026-03-15"]}});
    let sold = sold(&dates);
    for (closed, on, ends_on) in [
        (None, "2026-03-05", "2026-03-10"),
        (Some("2026-03-10"), "2026-03-05", "2026-03-15"),
    ] {
        let claim = sold.claim(DisputedFunds::Withdrawn, 10_000);
        let priced = claim
            .priced(&sold.original, &sold.versions, closed.map(day))
            .unwrap();
        assert_eq!(
            (priced.changed_on, priced.placement.window.days.ends_on),
            (day(on), day(ends_on)),
            "{closed:?}"
        );
    }
    let claim = sold.claim(DisputedFunds::Withdrawn, 10_000);
    let refused = claim.priced(&sold.original, &sold.versions, Some(day("2026-03-15")));
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn what_moves_no_money_takes_nothing() {
    let sold = sold(&json!({}));
    assert_eq!(Claim::of(&sold.told(DisputedFunds::Unmoved, 10_000)), Ok(vec![]));
}

#[test]
fn what_is_disputed_beyond_the_lines_is_of_no_partner() {
    let sold = sold(&json!({}));
    let mut told = sold.told(DisputedFunds::Withdrawn, 10_000);
    told.amount = Money::new(12_000, told.amount.currency());
    let claims = Claim::of(&told).unwrap();
    assert_eq!(
        claims.iter().map(|c| c.disputed_minor).collect::<Vec<_>>(),
        [10_000]
    );
    told.lines.clear();
    assert_eq!(Claim::of(&told), Ok(vec![]));
}

#[test]
fn a_dispute_that_contradicts_itself_is_refused() {
    let sold = sold(&json!({}));
    let wrong = |disputed, reason: &str| {
        let mut told = sold.told(DisputedFunds::Withdrawn, 10_000);
        let line: &mut DisputedLine = &mut told.lines[0];
        line.disputed_minor = disputed;
        let refused = Claim::of(&told).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    };
    wrong(10_001, "add up to 10001, of 10000");
    wrong(0, "of line 1 0 are disputed");
    wrong(-5, "of line 1 -5 are disputed");
}

#[test]
fn a_dispute_of_another_sale_is_not_priced() {
    let sold = sold(&json!({}));
    let claim = sold.claim(DisputedFunds::Withdrawn, 13_000);
    for original in [
        Original {
            owed_minor: 12_999,
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
        let refused = claim.priced(&original, &sold.versions, None).unwrap_err();
        assert!(refused.contains("as if it was sold"), "{refused}");
    }
}

#[test]
fn words_are_read_back() {
    for way in [Way::Withdrawn, Way::Returned] {
        assert_eq!(Way::parse(way.as_str()), Some(way));
    }
    assert_eq!(Way::parse("unmoved"), None);
}

proptest! {
    #[test]
    fn what_is_taken_and_given_back_leaves_nothing(disputed in 1_i64..=13_000) {
        let sold = sold(&json!({}));
        let net = |funds| sold.claim(funds, disputed).price(&sold.original).unwrap().net_minor;
        prop_assert_eq!(net(DisputedFunds::Withdrawn) + net(DisputedFunds::Returned), 0);
    }
}
