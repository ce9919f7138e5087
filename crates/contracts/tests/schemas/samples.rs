//! The schemas say of events what the code does: a validator of JSON Schema judges them as the types do.

use contracts::{Event, Topic, envelope::Watermark, events, schemas, topics};
use jsonschema::Validator;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

const PARTNER: &str = "ptn_01jd8m3k7efg8v5n2x4c6b9t0r";
const PAYMENT: &str = "pay_01jd8m3k7efg8v5n2x4c6b9t0r";
const CONTRACT: &str = "con_01jd8m3k7efg8v5n2x4c6b9t0r";
const WINDOW: &str = "win_01jd8m3k7efg8v5n2x4c6b9t0r";

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

/// Whether the type reads it.
type Reads = fn(&Value) -> bool;

fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

fn of<E: Event>(sample: Value) -> (Topic, Value, Reads) {
    (E::TOPIC, written::<E>(sample), reads::<E>)
}

/// The sample as the code writes it; nothing of it is lost.
fn written<T: Serialize + DeserializeOwned>(sample: Value) -> Value {
    let event = T::deserialize(&sample).unwrap();
    let written = serde_json::to_value(event).unwrap();
    assert_eq!(written, sample);
    written
}

fn terms(cycle: Value, shipping: Value, limit: Value) -> Value {
    json!({
        "currency": "BRL", "time_zone": "America/Sao_Paulo", "holidays": "BR", "fee_base": "less_all_discounts",
        "rate_ppm": 120_000, "category_rates": [{ "category": "toys", "rate_ppm": 0 }],
        "fee_minimum_minor": limit, "fee_maximum_minor": limit, "flat_fee_minor": 5,
        "fee_vat": { "rate_ppm": 100_000, "borne_by": "platform" }, "rounding": "half_even",
        "shipping": shipping, "cycle": cycle,
        "payout": { "days": 2, "counting": "calendar_days", "on_holiday": "on_the_day" },
        "minimum_payout_minor": 100,
    })
}

fn contract(terms: Value) -> (Topic, Value, Reads) {
    of::<events::ContractChanged>(json!({
        "contract_id": CONTRACT, "partner_id": PARTNER, "version": 2, "valid_from": "2026-11-22", "terms": terms,
    }))
}

fn of_payments() -> Vec<(Topic, Value, Reads)> {
    vec![
        of::<events::PaymentRequested>(json!({ "payment_id": PAYMENT })),
        of::<events::PaymentCompleted>(json!({
            "payment_id": PAYMENT, "order_reference": "주문-1", "sold_at": "2026-11-22T03:04:05.123456Z",
            "origin": "external", "currency": "KRW",
            "tenders": [{ "tender_id": "tnd_01jd8m3k7efg8v5n2x4c6b9t0r", "kind": "bank_transfer",
                          "captured_minor": 9_000 }],
            "lines": [{
                "line_number": 1, "partner_id": PARTNER, "category": "", "unit_price_minor": 10_000, "quantity": 1,
                "shipping_minor": 0, "tax_free_minor": 0,
                "discounts": [{ "amount_minor": 1_000, "funded_by": "partner" }],
            }],
        })),
        of::<events::PaymentFailed>(json!({
            "payment_id": PAYMENT, "order_reference": "1", "amount": { "amount": 10_000, "currency": "KRW" },
            "reason": "card_declined", "failed_at": "2026-11-22T03:04:05Z",
        })),
        of::<events::PaymentRefunded>(json!({
            "payment_id": PAYMENT, "transaction_id": "txn_01jd8m3k7efg8v5n2x4c6b9t0r", "order_reference": "1",
            "sold_at": "2026-11-22T03:04:05Z", "origin": "platform", "currency": "KRW", "outcome": "reversed",
            "tender": { "tender_id": "tnd_01jd8m3k7efg8v5n2x4c6b9t0r", "kind": "card", "refunded_minor": 4_500 },
            "lines": [{
                "line_number": 1, "partner_id": PARTNER, "refunded_minor": 4_500, "gross_minor": 5_000,
                "tax_free_minor": 0, "partner_discount_minor": 500, "platform_discount_minor": 0, "shipping_minor": 0,
                "owed_minor": 9_000, "refunded_before_minor": 4_500,
            }],
            "refunded_at": "2026-11-23T03:04:05Z",
        })),
        of::<events::DisputeChanged>(json!({
            "dispute_id": "dsp_01jd8m3k7efg8v5n2x4c6b9t0r", "version": 2, "payment_id": PAYMENT,
            "order_reference": "1", "sold_at": "2026-11-22T03:04:05Z", "tender_id": "tnd_01jd8m3k7efg8v5n2x4c6b9t0r",
            "tender_kind": "card", "amount": { "amount": 10_000, "currency": "KRW" }, "reason": "fraudulent",
            "state": "needs_response", "funds": "withdrawn",
            "lines": [{ "line_number": 1, "partner_id": PARTNER, "disputed_minor": 10_000 }],
            "changed_at": "2026-11-24T03:04:05Z",
        })),
    ]
}

fn of_settlements() -> Vec<(Topic, Value, Reads)> {
    vec![
        of::<events::SettlementRequested>(json!({ "window_id": WINDOW, "requested_by": "scheduler" })),
        of::<events::SettlementLinesPriced>(json!({
            "payment_id": PAYMENT, "sold_at": "2026-11-22T03:04:05Z",
            "lines": [{
                "detail_id": "sln_01jd8m3k7efg8v5n2x4c6b9t0r", "line_number": 1, "partner_id": PARTNER,
                "currency": "KRW", "gross_minor": 10_000, "partner_discount_minor": 0, "platform_discount_minor": 0,
                "fee_minor": 1_000, "fee_vat_minor": 100, "fee_vat_borne_by": "partner", "shipping_minor": 0,
                "net_minor": 8_900, "contract_id": CONTRACT, "contract_version": 1, "window_id": WINDOW,
            }],
        })),
        of::<events::SettlementCompleted>(json!({
            "settlement_id": "stl_01jd8m3k7efg8v5n2x4c6b9t0r", "window_id": WINDOW, "partner_id": PARTNER,
            "currency": "KRW", "starts_on": "2026-11-01", "ends_on": "2026-11-15", "due_on": "2026-11-17",
            "line_count": 1, "earned_minor": 8_900, "carried_in_minor": -900, "payable_minor": 8_000,
            "carried_out_minor": 0, "settled_at": "2026-11-16T00:00:00Z",
        })),
    ]
}

fn of_others() -> Vec<(Topic, Value, Reads)> {
    let line = |partner: Value| json!({ "account": "2100", "partner_id": partner, "side": "debit", "amount_minor": 1, "currency": "KRW" });
    vec![
        of::<events::AccountingEntry>(json!({
            "entry_id": "jen_01jd8m3k7efg8v5n2x4c6b9t0r", "book": "main", "kind": "payment-completed",
            "source": PAYMENT, "posted_on": "2026-11-22", "recorded_at": "2026-11-22T03:04:05Z",
            "lines": [line(json!(PARTNER)), line(Value::Null)],
        })),
        of::<events::PartnerChanged>(json!({
            "partner_id": PARTNER, "reference": "s-1", "name": "가게", "kind": "individual", "status": "closed",
            "version": 1,
        })),
        contract(terms(
            json!({ "kind": "daily" }),
            json!({ "rule": "pass_through" }),
            Value::Null,
        )),
        contract(terms(
            json!({ "kind": "weekly", "ends_on": "sunday" }),
            json!({ "rule": "with_fee", "rate_ppm": 1 }),
            json!(7),
        )),
        contract(terms(
            json!({ "kind": "monthly", "ends_on": [15, 31] }),
            json!({ "rule": "pass_through" }),
            Value::Null,
        )),
        contract(terms(
            json!({ "kind": "dates", "ends_on": ["2026-12-31"] }),
            json!({ "rule": "pass_through" }),
            Value::Null,
        )),
        of::<events::UserChanged>(json!({
            "user_id": "usr_01jd8m3k7efg8v5n2x4c6b9t0r", "login": "kim",
            "roles": ["administrator", "operator", "auditor", "service"], "active": false, "version": 3,
        })),
    ]
}

fn samples() -> Vec<(Topic, Value, Reads)> {
    [of_payments(), of_settlements(), of_others()].concat()
}

/// Every value below, by its pointer.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, value)| (i.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, value) in below {
        let pointer = format!("{pointer}/{name}");
        places(value, &pointer, found);
        found.push(pointer);
    }
}

#[test]
fn what_the_code_writes_is_valid_under_its_schema() {
    for topic in topics::ALL {
        assert!(
            samples().iter().any(|(of, ..)| of == topic),
            "{topic} has no sample"
        );
    }
    for (topic, sample, _) in samples() {
        let validator = validator(&schemas::of(topic).unwrap());
        let errors: Vec<String> = validator
            .iter_errors(&sample)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{topic}: {errors:?}");
    }
    let watermark = written::<Watermark>(json!({ "sequence": 12 }));
    assert!(validator(&schemas::of_watermark()).is_valid(&watermark));
}

/// The sample with something else at each place: of another JSON type, a word that means nothing, or nothing at all.
fn spoiled(sample: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    places(sample, "", &mut pointers);
    let others = [
        json!(null),
        json!([]),
        json!({}),
        json!(true),
        json!(7),
        json!("?"),
    ];
    let mut spoiled = Vec::new();
    for pointer in pointers {
        let now = sample.pointer(&pointer).unwrap();
        // The names of time zones are not in a schema; of numbers it says more than the types refuse.
        let is_new = |other: &&Value| {
            std::mem::discriminant(*other) != std::mem::discriminant(now)
                || (other.is_string() && !pointer.ends_with("/time_zone"))
        };
        let with = |change: &dyn Fn(&mut Value)| {
            let mut value = sample.clone();
            change(&mut value);
            (pointer.clone(), value)
        };
        spoiled.extend(
            others
                .iter()
                .filter(is_new)
                .map(|other| with(&|value| *value.pointer_mut(&pointer).unwrap() = other.clone())),
        );
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        if sample.pointer(parent).unwrap().is_object() {
            spoiled.push(with(&|value| {
                value
                    .pointer_mut(parent)
                    .unwrap()
                    .as_object_mut()
                    .unwrap()
                    .remove(name);
            }));
        }
    }
    spoiled
}

#[test]
fn the_schema_refuses_what_the_code_refuses_and_nothing_else() {
    let (mut taken, mut refused) = (0, 0);
    for (topic, sample, reads) in samples() {
        let validator = validator(&schemas::of(topic).unwrap());
        for (pointer, value) in spoiled(&sample) {
            let (valid, read) = (validator.is_valid(&value), reads(&value));
            assert_eq!(valid, read, "{topic}: {pointer} in {value}");
            *(if read { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 50 && refused > 500, "{taken} taken, {refused} refused");
}
