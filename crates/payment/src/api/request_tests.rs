//! What a payment may ask for.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use utoipa::PartialSchema;
use web::Code;

use super::request::{LineRequest, TenderRequest, parse};
use crate::connectors::Live;
use crate::domain::amounts::LARGEST_MINOR;

const PARTNER: &str = "ptn_01jd8m3k7efg8v5n2x4c6b9t0r";

const ALL: Live = Live {
    simulator: true,
    stripe: true,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_795_000_000).unwrap()
}

fn platform() -> Value {
    json!({
        "order_reference": "order-1", "currency": "KRW", "connector": "simulator",
        "lines": [{"partner_id": PARTNER, "unit_price_minor": 10_000}],
        "tenders": [{"kind": "card", "amount_minor": 10_000, "token": "tok_ok"}],
    })
}

fn stripe() -> Value {
    let mut body = platform();
    body["connector"] = json!("stripe");
    body["tenders"][0]["token"] = json!("pm_card_visa");
    body
}

/// To whom it is offered is found out.
fn routed() -> Value {
    let mut body = platform();
    body.as_object_mut().unwrap().remove("connector");
    body["tenders"][0] = json!({"kind": "card", "amount_minor": 10_000,
                                "tokens": {"simulator": "tok_ok", "stripe": "pm_card_visa"}});
    body
}

fn external() -> Value {
    json!({
        "order_reference": "order-1", "currency": "KRW", "connector": "external",
        "lines": [{"partner_id": PARTNER, "unit_price_minor": 10_000}],
        "tenders": [{"kind": "bank_transfer", "amount_minor": 10_000}],
    })
}

/// `base` with `value` at `pointer`; null takes the field away.
fn with(base: fn() -> Value, pointer: &str, value: Value) -> Value {
    let mut body = base();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(map), Value::Null) => drop(map.remove(field)),
        (Value::Object(map), value) => drop(map.insert(field.to_owned(), value)),
        (Value::Array(items), value) => items[field.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    body
}

fn faults(body: &Value) -> Vec<(String, Code)> {
    match parse(body, now(), ALL) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|e| (e.pointer, e.code)).collect(),
    }
}

#[test]
fn ordinary_payments_are_accepted() {
    for body in [
        platform(),
        external(),
        with(platform, "/capture", json!("manual")),
        with(external, "/tenders/0/amount_minor", json!(9_999)),
        with(external, "/sold_at", json!("2000-01-01T00:00:00Z")),
        with(external, "/sold_at", json!(now() + TimeDelta::minutes(5))),
        with(external, "/order_reference", json!("주".repeat(64))),
    ] {
        assert_eq!(faults(&body), [], "{body}");
    }
}

#[test]
fn a_fault_is_named_by_its_field() {
    use Code::{AmountMismatch, InvalidField};
    type Case = (fn() -> Value, &'static str, Value, Code);
    let cases: Vec<Case> = vec![
        (platform, "/order_reference", json!(""), InvalidField),
        (platform, "/order_reference", json!("x".repeat(65)), InvalidField),
        (platform, "/order_reference", json!("a\u{0}b"), InvalidField),
        (platform, "/currency", json!("krw"), InvalidField),
        (platform, "/lines", json!([]), InvalidField),
        (platform, "/lines/0/partner_id", json!("usr_1"), InvalidField),
        (platform, "/lines/0/unit_price_minor", json!(-1), InvalidField),
        (platform, "/lines/0/unit_price_minor", json!(1.5), InvalidField),
        (platform, "/lines/0/quantity", json!(0), InvalidField),
        (platform, "/lines/0/shipping_minor", json!(-1), InvalidField),
        (platform, "/lines/0/tax_free_minor", json!(10_001), AmountMismatch),
        (platform, "/lines/0/category", json!("x".repeat(65)), InvalidField),
        (
            platform,
            "/lines/0/discounts",
            json!([{"amount_minor": 10_001, "funded_by": "partner"}]),
            AmountMismatch,
        ),
        (platform, "/tenders", json!([]), InvalidField),
        (platform, "/tenders/0/amount_minor", json!(-1), InvalidField),
        (platform, "/tenders/0/kind", json!("cash"), InvalidField),
        (
            platform,
            "/tenders/0/token",
            json!("4111111111111111"),
            InvalidField,
        ),
        (platform, "/tenders/0/token", Value::Null, InvalidField),
        (platform, "/sold_at", json!("2026-01-01T00:00:00Z"), InvalidField),
        (external, "/sold_at", json!("1999-12-31T23:59:59Z"), InvalidField),
        (
            external,
            "/sold_at",
            json!(now() + TimeDelta::milliseconds(300_001)),
            InvalidField,
        ),
        (external, "/capture", json!("manual"), InvalidField),
        (external, "/tenders/0/token", json!("tok_ok"), InvalidField),
        (external, "/connector", json!("cheque"), InvalidField),
        (external, "/colour", json!("red"), InvalidField),
    ];
    for (base, pointer, value, code) in cases {
        let body = with(base, pointer, value);
        assert_eq!(faults(&body), [(pointer.to_owned(), code)], "{body}");
    }
}

#[test]
fn a_faulty_discount_is_named_by_its_place() {
    let discounts =
        json!([{"amount_minor": 1, "funded_by": "partner"}, {"amount_minor": 0, "funded_by": "platform"}]);
    let body = with(external, "/lines/0/discounts", discounts);
    let pointer = "/lines/0/discounts/1/amount_minor".to_owned();
    assert_eq!(faults(&body), [(pointer, Code::InvalidField)]);
}

#[test]
fn a_platform_payment_pays_exactly_what_its_lines_owe() {
    for (paid, discount, shipping, fits) in [
        (10_000, 0, 0, true),
        (9_999, 0, 0, false),
        (10_001, 0, 0, false),
        (9_000, 1_000, 0, true),
        (12_500, 0, 2_500, true),
        (11_500, 1_000, 2_500, true),
        (10_000, 1_000, 0, false),
    ] {
        let mut body = platform();
        body["tenders"][0]["amount_minor"] = json!(paid);
        body["lines"][0]["shipping_minor"] = json!(shipping);
        if discount > 0 {
            body["lines"][0]["discounts"] = json!([{"amount_minor": discount, "funded_by": "platform"}]);
        }
        let expected: Vec<_> = ["/tenders", "/lines"]
            .into_iter()
            .filter(|_| !fits)
            .map(|pointer| (pointer.to_owned(), Code::AmountMismatch))
            .collect();
        assert_eq!(faults(&body), expected, "{body}");
    }
}

#[test]
fn the_largest_amount_is_accepted_and_one_more_is_refused_where_it_stands() {
    for pointer in [
        "/lines/0/unit_price_minor",
        "/lines/0/shipping_minor",
        "/lines/0/tax_free_minor",
        "/lines/0/discounts/0/amount_minor",
        "/tenders/0/amount_minor",
    ] {
        let is_shipping = pointer.ends_with("shipping_minor");
        let body = |amount: i64| {
            let mut body = external();
            // Shipping needs room beside the price; the tax-free part and the discount are parts of it.
            let price = if is_shipping { 1 } else { LARGEST_MINOR };
            body["lines"][0]["unit_price_minor"] = json!(price);
            body["lines"][0]["shipping_minor"] = json!(0);
            body["lines"][0]["tax_free_minor"] = json!(0);
            body["lines"][0]["discounts"] = json!([{"amount_minor": 1, "funded_by": "platform"}]);
            *body.pointer_mut(pointer).unwrap() = json!(amount);
            body
        };
        let largest = if is_shipping {
            LARGEST_MINOR - 1
        } else {
            LARGEST_MINOR
        };
        assert_eq!(faults(&body(largest)), [], "{pointer}");
        for amount in [LARGEST_MINOR + 1, i64::MAX] {
            let expected = [(pointer.to_owned(), Code::InvalidField)];
            assert_eq!(faults(&body(amount)), expected, "{pointer} {amount}");
        }
    }
}

#[test]
fn a_line_and_a_payment_exceed_the_largest_amount_no_more_than_a_field() {
    let line = |price: i64, quantity: i32, shipping: i64| json!({"partner_id": PARTNER, "unit_price_minor": price, "quantity": quantity, "shipping_minor": shipping});
    let discounted = |funded_by: &str| {
        let mut line = line(LARGEST_MINOR, 1, 0);
        line["discounts"] = json!([{"amount_minor": 1, "funded_by": funded_by}]);
        line
    };
    let tender = |amount: i64| json!({"kind": "cash", "amount_minor": amount});
    let half = LARGEST_MINOR / 2;
    for (pointer, value, fault) in [
        ("/lines", json!([line(half, 2, 0)]), None),
        (
            "/lines",
            json!([line(half, 2, 1)]),
            Some("/lines/0/unit_price_minor"),
        ),
        (
            "/lines",
            json!([line(half + 1, 2, 0)]),
            Some("/lines/0/unit_price_minor"),
        ),
        (
            "/lines",
            json!([line(LARGEST_MINOR, i32::MAX, 0)]),
            Some("/lines/0/unit_price_minor"),
        ),
        ("/lines", json!([line(half, 1, 0), line(half - 1, 1, 1)]), None),
        (
            "/lines",
            json!([line(half, 1, 0), line(half, 1, 1)]),
            Some("/lines"),
        ),
        ("/lines", json!([discounted("partner"), line(1, 1, 0)]), None),
        // The platform makes its discount good to the partner, who is owed all of it.
        (
            "/lines",
            json!([discounted("platform"), line(1, 1, 0)]),
            Some("/lines"),
        ),
        ("/tenders", json!([tender(half), tender(half)]), None),
        (
            "/tenders",
            json!([tender(half), tender(half + 1)]),
            Some("/tenders"),
        ),
    ] {
        let body = with(external, pointer, value);
        let expected: Vec<_> = fault
            .into_iter()
            .map(|pointer| (pointer.to_owned(), Code::InvalidField))
            .collect();
        assert_eq!(faults(&body), expected, "{body}");
    }
}

#[test]
fn the_documented_maximum_is_the_one_that_is_checked() {
    for (schema, fields) in [
        (
            json!(LineRequest::schema()),
            &["unit_price_minor", "shipping_minor", "tax_free_minor"][..],
        ),
        (json!(TenderRequest::schema()), &["amount_minor"][..]),
    ] {
        for field in fields {
            assert_eq!(
                schema["properties"][field]["maximum"],
                json!(LARGEST_MINOR),
                "{field}"
            );
        }
    }
}

#[test]
fn more_than_500_lines_or_20_tenders_are_refused() {
    let lines = vec![json!({"partner_id": PARTNER, "unit_price_minor": 1}); 501];
    let tenders = vec![json!({"kind": "cash", "amount_minor": 1}); 21];
    for (pointer, value) in [("/lines", lines), ("/tenders", tenders)] {
        let body = with(external, pointer, json!(value));
        assert_eq!(
            faults(&body),
            [(pointer.to_owned(), Code::InvalidField)],
            "{pointer}"
        );
    }
}

#[test]
fn a_payment_without_a_connector_has_tokens() {
    let tender = |fields: Value| {
        let mut tender = json!({"kind": "card", "amount_minor": 10_000});
        tender
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        json!([tender])
    };
    let method = "pmt_01jd8m3k7efg8v5n2x4c6b9t0r";
    for (fields, expected) in [
        (json!({"tokens": {"simulator": "tok_ok"}}), vec![]),
        (json!({"tokens": {"stripe": "pm_ok"}}), vec![]),
        (json!({"payment_method_id": method}), vec![]),
        (json!({}), vec!["/tenders/0/tokens"]),
        (json!({"tokens": {}}), vec!["/tenders/0/tokens"]),
        (json!({"token": "tok_ok"}), vec!["/tenders/0/token"]),
        (
            json!({"token": "tok_ok", "tokens": {"simulator": "tok_ok"}}),
            vec!["/tenders/0/token"],
        ),
        (
            json!({"payment_method_id": method, "tokens": {"simulator": "tok_ok"}}),
            vec!["/tenders/0/payment_method_id"],
        ),
        (
            json!({"tokens": {"simulator": "tok_ok", "external": "x"}}),
            vec!["/tenders/0/tokens/external"],
        ),
        (
            json!({"tokens": {"simulator": "4111111111111111"}}),
            vec!["/tenders/0/tokens/simulator"],
        ),
        (
            json!({"tokens": {"simulator": ""}}),
            vec!["/tenders/0/tokens/simulator"],
        ),
        (
            json!({"tokens": {"simulator": "tok_ok", "stripe": "tok_ok"}}),
            vec!["/tenders/0/tokens/stripe"],
        ),
        (
            json!({"kind": "voucher", "tokens": {"simulator": "vch_ok", "stripe": "pm_ok"}}),
            vec!["/tenders/0/tokens/stripe"],
        ),
        (
            json!({"kind": "cash", "tokens": {"simulator": "tok_ok"}}),
            vec!["/tenders/0/tokens/simulator"],
        ),
    ] {
        let body = with(routed, "/tenders", tender(fields));
        let found = faults(&body);
        let found: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(found, expected, "{body}");
    }
    for (tokens, pointer) in [
        (json!({"paypal": "tok_secret"}), "/tenders/0/tokens"),
        (json!("tok_secret"), "/tenders/0/tokens"),
        (json!({"simulator": 1}), "/tenders/0/tokens"),
    ] {
        let body = with(routed, "/tenders/0/tokens", tokens);
        let found = parse(&body, now(), ALL).unwrap_err();
        assert!(
            found.len() == 1 && found[0].pointer.starts_with(pointer),
            "{found:?}"
        );
        assert!(!found[0].detail.contains("secret"), "{found:?}");
    }
    // What only holds of a payment from elsewhere is a fault here as well.
    let found = faults(&with(routed, "/sold_at", json!("2026-01-01T00:00:00Z")));
    assert_eq!(found, [("/sold_at".to_owned(), Code::InvalidField)]);
    let found = faults(&with(routed, "/tenders/0/amount_minor", json!(9_999)));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_payment_with_a_connector_has_no_tokens() {
    for base in [platform, stripe, external] {
        let body = with(base, "/tenders/0/tokens", json!({"simulator": "tok_ok"}));
        let expected = ("/tenders/0/tokens".to_owned(), Code::InvalidField);
        assert_eq!(faults(&body), [expected], "{body}");
    }
    let mut body = platform();
    body["tenders"][0] = json!({"kind": "card", "amount_minor": 10_000, "tokens": {"simulator": "tok_ok"}});
    assert_eq!(
        faults(&body),
        [("/tenders/0/tokens".to_owned(), Code::InvalidField)]
    );
}

#[test]
fn production_takes_no_test_money() {
    let production = Live {
        simulator: false,
        stripe: true,
    };
    let faults = parse(&platform(), now(), production).unwrap_err();
    assert_eq!(faults[0].pointer, "/connector");
    assert!(parse(&external(), now(), production).is_ok());
    assert!(parse(&stripe(), now(), production).is_ok());
}

#[test]
fn stripe_takes_cards_in_amounts_that_it_can_write_where_it_has_an_account() {
    assert_eq!(faults(&stripe()), []);
    for (pointer, value) in [
        ("/tenders/0/token", json!(null)),
        ("/tenders/0/token", json!("tok_ok")),
        ("/tenders/0/kind", json!("voucher")),
        ("/tenders/0/amount_minor", json!(0)),
        ("/tenders/0/amount_minor", json!(1_000_000_000_000_i64)),
    ] {
        let body = with(stripe, pointer, value);
        assert!(
            faults(&body).contains(&(pointer.to_owned(), Code::InvalidField)),
            "{body}"
        );
    }
    let mut dinars = stripe();
    dinars["currency"] = json!("KWD");
    assert_eq!(faults(&dinars), []);
    dinars["tenders"][0]["amount_minor"] = json!(9_999);
    dinars["lines"][0]["unit_price_minor"] = json!(9_999);
    assert_eq!(
        faults(&dinars),
        [("/tenders/0/amount_minor".to_owned(), Code::InvalidField)]
    );
    let without = Live {
        simulator: true,
        stripe: false,
    };
    let refused = parse(&stripe(), now(), without).unwrap_err();
    assert_eq!(refused[0].pointer, "/connector");
    assert!(refused[0].detail.contains("payment.stripe_secret_key"));
}

#[test]
fn all_faults_are_told_at_once() {
    let mut body = platform();
    body["order_reference"] = json!("");
    body["lines"][0]["quantity"] = json!(0);
    body["tenders"][0]["amount_minor"] = json!(-5);
    assert_eq!(faults(&body).len(), 3);
}
