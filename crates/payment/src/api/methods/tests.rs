use serde_json::json;

use super::*;

const LIVE: Live = Live {
    simulator: true,
    stripe: false,
};
const NOT_LIVE: Live = Live {
    simulator: false,
    stripe: false,
};

fn now() -> DateTime<Utc> {
    "2026-11-26T05:00:00Z".parse().unwrap()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({
        "connector": "simulator", "kind": "card", "token": "tok_ok", "holder_reference": "buyer-1",
        "brand": "visa", "last_four": "4242", "expires_on": "2030-12",
    });
    let fields = body.as_object_mut().unwrap();
    match value {
        Value::Null => drop(fields.remove(field)),
        value => drop(fields.insert(field.to_owned(), value)),
    }
    body
}

#[test]
fn a_fault_is_named_by_its_field() {
    for (field, value, is_sound) in [
        ("brand", Value::Null, true),
        ("last_four", Value::Null, true),
        ("expires_on", Value::Null, true),
        ("expires_on", json!("2026-11"), true),
        ("kind", json!("voucher"), true),
        ("holder_reference", json!("구".repeat(64)), true),
        ("connector", json!("external"), false),
        ("connector", json!("stripe"), false),
        ("kind", json!("cash"), false),
        ("token", json!(""), false),
        ("token", json!("x".repeat(256)), false),
        ("token", json!("123456789012"), false),
        ("holder_reference", json!(""), false),
        ("holder_reference", json!("x".repeat(65)), false),
        ("holder_reference", json!("a\u{0}"), false),
        ("brand", json!(""), false),
        ("brand", json!("x".repeat(33)), false),
        ("last_four", json!("42"), false),
        ("last_four", json!("424x"), false),
        ("last_four", json!("٤٢٤٢"), false),
        ("expires_on", json!("2026-10"), false),
        ("expires_on", json!("2030-12-31"), false),
        ("expires_on", json!("2030-13"), false),
        ("is_default", json!(true), false),
    ] {
        let body = with(field, value);
        let faults = parse(&body, now(), LIVE).err().unwrap_or_default();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.clone()).collect();
        let expected: Vec<_> = (!is_sound).then(|| format!("/{field}")).into_iter().collect();
        assert_eq!(pointers, expected, "{body}");
    }
}

#[test]
fn production_stores_no_test_money() {
    let faults = parse(&with("brand", Value::Null), now(), NOT_LIVE).unwrap_err();
    assert_eq!(faults[0].pointer, "/connector");
}

#[test]
fn a_token_is_not_in_what_is_printed() {
    let method = parse(&with("token", json!("tok_secret")), now(), LIVE).unwrap();
    assert!(!format!("{method:?}").contains("tok_secret"));
}
