//! What must be so of every payment, whatever was done to it.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each test file uses its part, and a test reports a fault by panicking"
)]

use std::collections::HashMap;

use serde_json::Value;
use testkit::Platform;

use crate::asking::{eventually, journal, read, sums, told};
use crate::support::id;

/// Tenders whose amounts are not the sums of their operations, or that are reserved for something that is not open.
const TENDERS: &str = "
    select format('%s/%s: %s', t.payment_id, t.number, to_jsonb(t) || to_jsonb(o))
      from tenders t
      join payments p using (payment_id)
      cross join lateral (
          select coalesce(sum(amount_minor) filter (where operation in ('authorize', 'sale', 'increment')
                                                      and state = 'succeeded'), 0) as authorized,
                 coalesce(sum(amount_minor) filter (where operation in ('capture', 'sale')
                                                      and state = 'succeeded'), 0) as captured,
                 coalesce(sum(amount_minor) filter (where operation = 'void' and state = 'succeeded'), 0) as voided,
                 coalesce(sum(amount_minor) filter (where operation = 'refund' and state = 'succeeded'), 0) as refunded,
                 coalesce(sum(amount_minor) filter (where operation = 'capture' and is_open), 0) as capturing,
                 coalesce(sum(amount_minor) filter (where operation = 'void' and is_open), 0) as voiding,
                 coalesce(sum(amount_minor) filter (where operation = 'refund' and is_open), 0) as refunding
            from (select *, state in ('created', 'sent', 'unknown', 'requires_action') as is_open from transactions) x
           where x.payment_id = t.payment_id and x.tender_number = t.number) o
     where (t.authorized_minor, t.captured_minor, t.voided_minor, t.refunded_minor, t.capturing_minor,
            t.voiding_minor, t.refunding_minor)
           is distinct from (o.authorized, o.captured, o.voided, o.refunded, o.capturing, o.voiding, o.refunding)
        or t.captured_minor + t.capturing_minor + t.voided_minor + t.voiding_minor > t.authorized_minor
        or t.refunded_minor + t.refunding_minor > t.captured_minor";

/// Payments whose own amounts are not the sums of their tenders, or whose lines gave back another sum or tell another amount.
const PAYMENTS: &str = "
    select format('%s: %s', p.payment_id, to_jsonb(p) || to_jsonb(t) || to_jsonb(l))
      from payments p
      cross join lateral (select sum(amount_minor) as amount, sum(captured_minor) as captured from tenders
                           where payment_id = p.payment_id) t
      cross join lateral (select sum(refunded_minor) as back,
                                 bool_and((currency, payment_amount_minor) is not distinct from (p.currency, p.amount_minor)) as tell
                            from payment_lines where payment_id = p.payment_id) l
      cross join lateral (select coalesce(sum((part ->> 'amount_minor')::bigint), 0) as given
                            from transactions x, jsonb_array_elements(x.parts) part
                           where x.payment_id = p.payment_id and x.operation = 'refund' and x.state = 'succeeded') r
     where (p.amount_minor, p.captured_minor) is distinct from (t.amount, t.captured) or l.back <> r.given or not l.tell";

/// Checks the amounts of all payments against their operations, and both against the network's journal.
///
/// Nothing may be open any more.
pub async fn assert_sound(platform: &Platform) {
    settled(platform).await;
    for question in [TENDERS, PAYMENTS] {
        let wrong: Vec<String> = sqlx::query_scalar(question)
            .fetch_all(platform.database("payment").db().pool())
            .await
            .unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    assert_agreed(platform, &[]).await;
}

/// Waits until no operation is open.
pub async fn settled(platform: &Platform) {
    let pool = platform.database("payment").db().pool().clone();
    eventually("nothing is open", async || {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from transactions where state in ('created', 'sent', 'unknown', 'requires_action')",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        (open == 0).then_some(())
    })
    .await;
}

/// The network did what succeeded here, once, and nothing else; `decided` are operations that a person decided.
pub async fn assert_agreed(platform: &Platform, decided: &[String]) {
    let rows: Vec<(uuid::Uuid, String, i64, String)> = sqlx::query_as(
        "select t.transaction_id, t.operation, t.amount_minor, t.state from transactions t join payments p using (payment_id)
          where p.connector <> 'external'",
    )
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap();
    let own: HashMap<String, (String, i64, String)> = rows
        .into_iter()
        .map(|(id, operation, amount, state)| {
            (
                ids::TransactionId::from_uuid(id).to_string(),
                (operation, amount, state),
            )
        })
        .collect();
    let mut approved = HashMap::new();
    for entry in journal(platform).await {
        if entry["outcome"] == "approved" && entry["operation"] != "cancel" {
            let key = entry["connector_key"].as_str().unwrap().to_owned();
            assert!(approved.insert(key, entry).is_none());
        }
    }
    for (key, (operation, amount, state)) in &own {
        if decided.contains(key) {
            continue;
        }
        let entry = approved.remove(key);
        assert_eq!(entry.is_some(), state == "succeeded", "{operation} {key} {state}");
        if let Some(entry) = entry {
            assert_eq!(entry["operation"], operation.as_str(), "{key}");
            assert_eq!(entry["amount_minor"], *amount, "{key}");
        }
    }
    let unknown: Vec<_> = approved.keys().filter(|key| !own.contains_key(*key)).collect();
    assert!(unknown.is_empty(), "nobody asked for {unknown:?}");
}

/// Checks what was told of a payment against what became of it: lines and tenders as they were taken, once, and every
/// refund after that, so that both add up.
pub async fn assert_told(platform: &Platform, payment: &str) {
    let payment = read(platform, payment).await;
    let name = id(&payment);
    let completed = told(platform, "payment-completed", &name).await;
    let refunds = told(platform, "payment-refunded", &name).await;
    let [held, captured, _, refunded] = sums(&payment);
    let is_complete = held == 0 && captured > 0 && payment["status"] != "failed";
    assert_eq!(completed.len(), usize::from(is_complete), "{payment}");
    let Some(completed) = completed.first() else {
        assert!(refunds.is_empty(), "{refunds:?}");
        return;
    };
    let sum =
        |list: &Value, of: &dyn Fn(&Value) -> i64| -> i64 { list.as_array().unwrap().iter().map(of).sum() };
    let taken = |tender: &Value| tender["captured_minor"].as_i64().unwrap();
    assert_eq!(sum(&completed["tenders"], &taken), captured, "{completed}");
    if payment["origin"] == "platform" {
        assert_eq!(sum(&completed["lines"], &owed), captured, "{completed}");
    }
    assert_refunds(&payment, completed, &refunds);
    let back = |event: &Value| event["tender"]["refunded_minor"].as_i64().unwrap();
    assert_eq!(refunds.iter().map(back).sum::<i64>(), refunded, "{refunds:?}");
}

/// What the buyer owes for a line, as an event tells of it.
fn owed(line: &Value) -> i64 {
    let field = |name: &str| line[name].as_i64().unwrap();
    let discounts = line["discounts"].as_array().unwrap();
    let off: i64 = discounts
        .iter()
        .map(|d| d["amount_minor"].as_i64().unwrap())
        .sum();
    field("unit_price_minor") * field("quantity") + field("shipping_minor") - off
}

/// Each refund begins where the one before it ended, line by line, and no line gives back more than was taken of it.
fn assert_refunds(payment: &Value, completed: &Value, refunds: &[Value]) {
    let is_external = payment["origin"] == "external";
    let mut back: HashMap<i64, i64> = HashMap::new();
    for refund in refunds {
        let mut of_lines = 0;
        for line in refund["lines"].as_array().unwrap() {
            let field = |name: &str| line[name].as_i64().unwrap();
            let before = back.entry(field("line_number")).or_default();
            assert_eq!(field("refunded_before_minor"), *before, "{refund}");
            *before += field("refunded_minor");
            of_lines += field("refunded_minor");
            let exact =
                field("gross_minor") - field("partner_discount_minor") - field("platform_discount_minor")
                    + field("shipping_minor");
            assert_eq!(exact, field("refunded_minor"), "{refund}");
        }
        let of_tender = refund["tender"]["refunded_minor"].as_i64().unwrap();
        assert!(
            of_lines == of_tender || is_external && of_lines < of_tender,
            "{refund}"
        );
    }
    for line in completed["lines"].as_array().unwrap() {
        let number = line["line_number"].as_i64().unwrap();
        let back = back.get(&number).copied().unwrap_or_default();
        assert!(back <= owed(line), "{line}");
        let seen = payment["lines"].as_array().unwrap().iter();
        let seen = seen.filter(|seen| seen["line_number"] == number);
        assert_eq!(
            seen.map(|s| s["refunded_minor"].as_i64().unwrap()).sum::<i64>(),
            back,
            "{payment}"
        );
    }
}
