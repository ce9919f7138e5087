use std::collections::BTreeMap;

use contracts::events::PaidLine;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::order::Means;
use crate::domain::payment::Capture;
use ConnectorName::{Simulator, Stripe};

const ONE: &str = "ptn_01jd8m3k7efg8v5n2x4c6b9t0r";
const OTHER: &str = "ptn_01jd8m3k7efg8v5n2x4c6b9t0s";
const NOBODY: &str = "ptn_01jd8m3k7efg8v5n2x4c6b9t0t";

/// 10,000 won by card and by voucher, for lines of two partners.
fn order() -> Order {
    let line = |line_number: i32, partner: &str| PaidLine {
        line_number,
        partner_id: partner.parse().unwrap(),
        category: String::new(),
        unit_price_minor: 5_000,
        quantity: 1,
        shipping_minor: 0,
        tax_free_minor: 0,
        discounts: Vec::new(),
    };
    let means = |kind, refund_rank| Means {
        kind,
        amount_minor: 5_000,
        token: None,
        tokens: Vec::new(),
        payment_method_id: None,
        refund_rank,
    };
    Order {
        order_reference: "1".into(),
        currency: Currency::KRW,
        lines: vec![line(1, ONE), line(2, OTHER)],
        means: vec![means(TenderKind::Card, 1), means(TenderKind::Voucher, 2)],
        capture: Capture::Automatic,
        connector: None,
        return_url: None,
        sold_at: None,
        owed_minor: 10_000,
        amount_minor: 10_000,
    }
}

fn rule(asks: &Value) -> Rule {
    let mut rule = asks.clone();
    rule["connectors"] = json!([{"connector": "simulator", "weight": 1}]);
    serde_json::from_value(rule).unwrap()
}

#[test]
fn a_rule_matches_what_fits_all_that_it_asks_for() {
    for (asks, matches) in [
        (json!({}), true),
        (json!({"currency": "KRW"}), true),
        (json!({"currency": "USD"}), false),
        // One tender, and one line, is enough.
        (json!({"tender_kind": "card"}), true),
        (json!({"tender_kind": "voucher"}), true),
        (json!({"tender_kind": "points"}), false),
        (json!({"partner_id": ONE}), true),
        (json!({"partner_id": OTHER}), true),
        (json!({"partner_id": NOBODY}), false),
        (json!({"currency": "KRW", "amount_from_minor": 10_000}), true),
        (json!({"currency": "KRW", "amount_from_minor": 10_001}), false),
        (json!({"currency": "KRW", "amount_to_minor": 10_000}), true),
        (json!({"currency": "KRW", "amount_to_minor": 9_999}), false),
        (
            json!({"currency": "KRW", "amount_from_minor": 10_000, "amount_to_minor": 10_000}),
            true,
        ),
        (
            json!({"currency": "USD", "amount_from_minor": 0, "amount_to_minor": 10_000}),
            false,
        ),
        (
            json!({"currency": "KRW", "tender_kind": "card", "partner_id": ONE, "amount_to_minor": 10_000}),
            true,
        ),
        (
            json!({"currency": "KRW", "tender_kind": "cash", "partner_id": ONE, "amount_to_minor": 10_000}),
            false,
        ),
    ] {
        assert_eq!(rule(&asks).matches(&order()), matches, "{asks}");
        assert_eq!(rule(&asks).matches_all(), asks == json!({}), "{asks}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let table = |rules: &[Value]| RoutingTable {
        version: 7,
        rules: rules.iter().map(rule).collect(),
    };
    let (no, yes, all) = (json!({"currency": "USD"}), json!({"currency": "KRW"}), json!({}));
    for (rules, decides) in [
        (vec![], None),
        (vec![no.clone()], None),
        (vec![no.clone(), yes.clone(), all.clone()], Some(2)),
        (vec![yes.clone(), all.clone()], Some(1)),
        (vec![no.clone(), no, all], Some(3)),
    ] {
        let table = table(&rules);
        let found = table.rule_for(&order()).map(|(number, _)| number);
        assert_eq!(found, decides, "{rules:?}");
    }
}

#[test]
fn a_rule_is_kept_as_it_was_written() {
    let text = json!({"currency": "KRW", "amount_from_minor": 1, "connectors": [{"connector": "stripe", "weight": 3}]});
    let rule: Rule = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&rule).unwrap(), text);
    // A condition that is not known here must not be left out of account.
    let newer = json!({"country": "KR", "connectors": []});
    assert!(serde_json::from_value::<Rule>(newer).is_err());
}

fn weighted(weights: &[(ConnectorName, u32)]) -> Vec<Weighted> {
    weights
        .iter()
        .map(|(connector, weight)| Weighted {
            connector: *connector,
            weight: *weight,
        })
        .collect()
}

/// How often each connector comes first, over all that may be drawn.
fn first_of_all_draws(connectors: &[Weighted]) -> BTreeMap<&'static str, u32> {
    let all: u32 = connectors.iter().map(|one| one.weight).sum();
    let mut first = BTreeMap::new();
    for drawn in 0..all {
        let mut draws = vec![drawn].into_iter();
        let ordered = by_weight(connectors, |_| draws.next().unwrap_or(0));
        *first.entry(ordered[0].as_str()).or_default() += 1;
    }
    first
}

#[test]
fn each_comes_first_as_often_as_its_weight_says() {
    for weights in [
        vec![(Stripe, 3), (Simulator, 1)],
        vec![(Simulator, 1), (Stripe, 1_000)],
        vec![(Simulator, 500), (Stripe, 500)],
    ] {
        let expected = weights
            .iter()
            .map(|(name, weight)| (name.as_str(), *weight))
            .collect();
        assert_eq!(first_of_all_draws(&weighted(&weights)), expected, "{weights:?}");
    }
}

#[test]
fn who_does_not_answer_goes_last_and_is_never_left_out() {
    for (unwell, ordered) in [
        (vec![], vec![Stripe, Simulator]),
        (vec![Stripe], vec![Simulator, Stripe]),
        (vec![Simulator], vec![Stripe, Simulator]),
        (vec![Stripe, Simulator], vec![Stripe, Simulator]),
    ] {
        let found = well_first(vec![Stripe, Simulator], |one| !unwell.contains(one));
        assert_eq!(found, ordered, "{unwell:?}");
    }
    assert_eq!(well_first(vec![Stripe], |_| false), [Stripe]);
}

#[test]
fn without_a_rule_everybody_is_asked_but_nobody_who_only_records() {
    let others = ConnectorName::ALL
        .iter()
        .filter(|one| !WITHOUT_RULE.contains(one));
    assert!(others.eq([&ConnectorName::External]));
}

proptest! {
    /// Whatever is drawn, beyond what was asked for too: everybody stands once in the order, and the same draws give the
    /// same order.
    #[test]
    fn an_order_has_everybody_once(
        weights in prop::collection::vec(1_u32..=1_000, 0..6),
        draws in prop::collection::vec(any::<u32>(), 6),
        is_within in any::<bool>(),
    ) {
        // The names say nothing here: one stands for several.
        let connectors = weighted(&weights.iter().map(|weight| (Stripe, *weight)).collect::<Vec<_>>());
        let run = || {
            let mut asked = Vec::new();
            let mut given = draws.iter();
            let ordered = by_weight(&connectors, |below| {
                asked.push(below);
                let drawn = given.next().copied().unwrap_or(0);
                if is_within { drawn % below } else { drawn }
            });
            (ordered, asked)
        };
        let (ordered, asked) = run();
        prop_assert_eq!(ordered.len(), weights.len());
        prop_assert!(asked.iter().all(|below| *below > 0));
        prop_assert!(asked.is_sorted_by(|a, b| a > b), "what was drawn is not drawn again: {:?}", asked);
        prop_assert_eq!(asked.first().copied().unwrap_or(0), weights.iter().sum::<u32>());
        prop_assert_eq!(run().0, ordered);
    }
}
