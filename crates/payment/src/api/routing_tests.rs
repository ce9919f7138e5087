use serde_json::{Value, json};

use super::*;

const ALL: Live = Live {
    simulator: true,
    stripe: true,
};

fn rules() -> Value {
    json!({
        "expected_version": 3,
        "rules": [
            {
                "currency": "KRW", "tender_kind": "card", "amount_from_minor": 1_000, "amount_to_minor": 5_000,
                "partner_id": "ptn_01jd8m3k7efg8v5n2x4c6b9t0r",
                "connectors": [
                    {"connector": "stripe", "weight": 1_000}, {"connector": "simulator", "weight": 1}]
            },
            {"connectors": [{"connector": "simulator", "weight": 10}]}
        ]
    })
}

fn faults(body: &Value, live: Live) -> Vec<String> {
    match parse(body, live) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.pointer).collect(),
    }
}

/// The rules with `value` at `pointer`; null takes the field away.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = rules();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match (body.pointer_mut(parent).unwrap(), value) {
        (Value::Object(map), Value::Null) => drop(map.remove(field)),
        (Value::Object(map), value) => drop(map.insert(field.to_owned(), value)),
        (Value::Array(items), value) => items[field.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    body
}

#[test]
fn ordinary_rules_are_accepted() {
    for body in [
        rules(),
        with("/rules", json!([])),
        with("/expected_version", json!(0)),
        with("/rules/0/amount_from_minor", json!(5_000)),
        with("/rules/0/amount_to_minor", Value::Null),
        with("/rules/0/currency", json!("USD")),
        with("/rules/1/tender_kind", json!("voucher")),
    ] {
        assert_eq!(faults(&body, ALL), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn a_fault_is_named_by_its_field() {
    let simulator = json!({"connector": "simulator", "weight": 1});
    let rule = json!({"currency": "KRW", "connectors": [simulator]});
    for (pointer, value) in [
        ("/expected_version", json!(-1)),
        ("/expected_version", json!(i32::MAX)),
        ("/expected_version", json!("3")),
        ("/rules", json!(vec![rule; 101])),
        ("/rules", json!({})),
        ("/rules/0/currency", json!("won")),
        ("/rules/0/tender_kind", json!("cheque")),
        ("/rules/0/amount_from_minor", json!(-1)),
        ("/rules/0/amount_from_minor", json!(1.5)),
        ("/rules/0/amount_to_minor", json!(999)),
        ("/rules/0/amount_to_minor", json!(LARGEST_MINOR + 1)),
        ("/rules/0/partner_id", json!("usr_01jd8m3k7efg8v5n2x4c6b9t0r")),
        ("/rules/0/country", json!("KR")),
        ("/rules/0/connectors", json!([])),
        ("/rules/0/connectors/0/connector", json!("external")),
        ("/rules/0/connectors/0/connector", json!("paypal")),
        ("/rules/0/connectors/0/weight", json!(0)),
        ("/rules/0/connectors/0/weight", json!(1_001)),
        ("/rules/0/connectors/0/weight", json!(-1)),
        ("/rules/0/connectors/0/share", json!(1)),
    ] {
        let body = with(pointer, value);
        assert_eq!(faults(&body, ALL), [pointer], "{body}");
    }
}

#[test]
fn what_could_never_be_is_a_fault_too() {
    let both = ["/rules/0/amount_from_minor", "/rules/0/amount_to_minor"];
    assert_eq!(faults(&with("/rules/0/currency", Value::Null), ALL), both);
    let twice = with("/rules/0/connectors/1/connector", json!("stripe"));
    assert_eq!(faults(&twice, ALL), ["/rules/0/connectors/1/connector"]);
    // Stripe takes no vouchers here.
    let voucher = with("/rules/0/tender_kind", json!("voucher"));
    assert_eq!(faults(&voucher, ALL), ["/rules/0/connectors/0/connector"]);
    // Nothing comes behind what takes all.
    let all = json!({"connectors": [{"connector": "simulator", "weight": 1}]});
    assert_eq!(faults(&with("/rules/0", all), ALL), ["/rules/0"]);
}

#[test]
fn who_takes_no_money_here_is_not_named() {
    let without_stripe = Live { stripe: false, ..ALL };
    assert_eq!(
        faults(&rules(), without_stripe),
        ["/rules/0/connectors/0/connector"]
    );
    let production = Live {
        simulator: false,
        ..ALL
    };
    assert_eq!(
        faults(&rules(), production),
        [
            "/rules/0/connectors/1/connector",
            "/rules/1/connectors/0/connector"
        ]
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let mut body = rules();
    body["expected_version"] = json!(-1);
    body["rules"][0]["connectors"][0]["weight"] = json!(0);
    body["rules"][1]["connectors"] = json!([]);
    assert_eq!(
        faults(&body, ALL),
        [
            "/expected_version",
            "/rules/0/connectors/0/weight",
            "/rules/1/connectors"
        ]
    );
}
