//! Routed payments are proved, and what is changed of their routes behind their backs is seen.
//!
//! Through the simulated network alone. What another connector refused before is written into the tables as the payment
//! service does it.

use http::Method;
use serde_json::{Value, json};
use testkit::Platform;
use verify::{Check, Report};

use crate::world::{self, change, partner, post, started_with, verified};

const SEEN_BY: &str = "payment_routes";

/// A payment of `price` won by card that names no connector.
pub fn offered(reference: &str, partner: &str, price: i64) -> Value {
    json!({
        "order_reference": reference, "currency": "KRW", "lines": [{ "partner_id": partner, "unit_price_minor": price }],
        "tenders": [{ "kind": "card", "amount_minor": price, "tokens": { "simulator": "tok_ok" } }],
    })
}

pub async fn pay(platform: &Platform, body: &Value) -> String {
    loop {
        let answer = post(platform, "payment", "/v1/payments", body).await;
        if answer.status.is_success() {
            return answer.body["id"].as_str().unwrap().to_owned();
        }
        // The payment service hears of new partners by and by.
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
    }
}

async fn write_rules(platform: &Platform, expected: i32, rules: &Value) {
    let body = json!({ "expected_version": expected, "rules": rules });
    world::send(platform, Method::PUT, "payment", "/v1/routing", &body)
        .await
        .expect(200);
}

/// Payments before there were rules, by each rule, and by none.
async fn history(platform: &Platform) {
    let terms = json!({ "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 } });
    let seller = partner(platform, "seller", Some(&terms)).await;
    let other = partner(platform, "other", Some(&terms)).await;
    pay(platform, &offered("before", &seller, 1_000)).await;
    let network = json!([{ "connector": "simulator", "weight": 500 }]);
    write_rules(
        platform,
        0,
        &json!([
            { "currency": "USD", "connectors": network },
            { "currency": "KRW", "amount_from_minor": 50_000, "connectors": network },
        ]),
    )
    .await;
    pay(platform, &offered("by-none", &seller, 2_000)).await;
    pay(platform, &offered("by-amount", &seller, 50_000)).await;
    // What it grew to was not there when it was decided.
    let mut growing = offered("growing", &seller, 49_000);
    growing["capture"] = json!("manual");
    let growing = pay(platform, &growing).await;
    let more = json!({ "lines": [{ "partner_id": other, "unit_price_minor": 5_000 }] });
    let path = format!("/v1/payments/{growing}/increments");
    post(platform, "payment", &path, &more).await.expect(200);
    write_rules(
        platform,
        1,
        &json!([
            { "partner_id": other, "connectors": network },
            { "currency": "KRW", "tender_kind": "voucher", "connectors": network },
            { "connectors": network },
        ]),
    )
    .await;
    pay(platform, &offered("by-partner", &other, 3_000)).await;
    let refused = pay(platform, &offered("refused-before", &seller, 4_000)).await;
    let refund = format!("/v1/payments/{refused}/refunds");
    post(platform, "payment", &refund, &json!({ "amount_minor": 1_500 }))
        .await
        .expect(200);
    refuse_before(platform, &refused).await;
}

/// Has Stripe have refused what the network then took.
async fn refuse_before(platform: &Platform, payment: &str) {
    let payment: ids::PaymentId = payment.parse().unwrap();
    let operation = ids::TransactionId::generate();
    let script = format!(
        "delete from payment_route_means where payment_id = '{id}';
         update payment_routes set place = 2 where payment_id = '{id}';
         insert into payment_routes (payment_id, place, connector, routing_version, rule_number)
         select payment_id, 1, 'stripe', routing_version, rule_number from payment_routes where payment_id = '{id}';
         insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select gen_random_uuid(), caller, 'stripe', 'card', 'pm_refused', created_at
           from payments where payment_id = '{id}';
         insert into payment_route_means (payment_id, place, tender_number, payment_method_id)
         select payment_id, 2, number, payment_method_id from tenders where payment_id = '{id}'
          union all
         select '{id}', 1, 1, payment_method_id from payment_methods where token = 'pm_refused';
         insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor, connector_key,
                                   refusal_code, refusal_detail, created_at, updated_at, connector)
         select '{operation}', p.payment_id, 1, 'sale', 'declined', p.amount_minor, '{key}', 'do_not_honor', 'no',
                p.created_at, p.created_at, 'stripe'
           from payments p where payment_id = '{id}';
         update transactions set cause = 'fallback', created_at = created_at + interval '1 microsecond'
          where payment_id = '{id}' and operation = 'sale' and state = 'succeeded';
         update routing_tables set rules = jsonb_set(rules, '{{2,connectors}}',
                rules #> '{{2,connectors}}' || '[{{\"weight\": 1, \"connector\": \"stripe\"}}]')
          where version = 2;",
        id = payment.as_uuid(),
        operation = operation.as_uuid(),
        key = operation,
    );
    change(platform, "payment", "routing_tables", &script).await;
}

/// The checks that found something of payments.
fn broken(report: &Report) -> Vec<&Check> {
    report
        .broken()
        .filter(|check| check.name.starts_with("payment"))
        .collect()
}

/// What is changed, and how it is put right. It is done to the payment that was refused before, unless it says more.
#[rustfmt::skip]
const CHANGED: &[(&str, &str)] = &[
    ("update payment_routes set rule_number = 1 where rule_number = 3", "update payment_routes set rule_number = 3 where payment_id = PAY"),
    ("update payment_routes set rule_number = 2 where payment_id = PAY and place = 1", "update payment_routes set rule_number = 3 where payment_id = PAY"),
    ("update payment_routes set routing_version = 1 where payment_id = PAY", "update payment_routes set routing_version = 2, rule_number = 3 where payment_id = PAY"),
    ("update payment_routes set rule_number = null where payment_id in (select payment_id from payments where order_reference = 'by-partner')",
     "update payment_routes set rule_number = 1 where payment_id in (select payment_id from payments where order_reference = 'by-partner')"),
    ("update payment_routes set routing_version = 1, rule_number = 2 where payment_id in (select payment_id from payments where order_reference = 'before')",
     "update payment_routes set routing_version = null, rule_number = null where payment_id in (select payment_id from payments where order_reference = 'before')"),
    ("update payments set connector = 'stripe' where payment_id = PAY", "update payments set connector = 'simulator' where payment_id = PAY"),
    ("update transactions set connector = 'stripe' where payment_id = PAY and operation = 'refund'", "update transactions set connector = 'simulator' where payment_id = PAY and operation = 'refund'"),
    ("update transactions set connector = 'simulator' where payment_id = PAY and state = 'declined'", "update transactions set connector = 'stripe' where payment_id = PAY and state = 'declined'"),
    ("update transactions set connector = null where payment_id = PAY and state = 'declined'", "update transactions set connector = 'stripe' where payment_id = PAY and state = 'declined'"),
    ("update transactions set cause = 'order' where payment_id = PAY and operation = 'sale'", "update transactions set cause = 'fallback' where payment_id = PAY and operation = 'sale' and state = 'succeeded'"),
    ("update tenders set payment_method_id = OTHER where payment_id = PAY", "update tenders set payment_method_id = OWN where payment_id = PAY"),
    ("update payment_route_means set payment_method_id = OWN where payment_id = PAY and place = 1", "update payment_route_means set payment_method_id = OTHER where payment_id = PAY and place = 1"),
    ("delete from payment_route_means where payment_id = PAY and place = 1", "insert into payment_route_means values (PAY, 1, 1, OTHER)"),
    ("update routing_tables set created_at = created_at + interval '1 hour' where version = 1", "update routing_tables set created_at = created_at - interval '1 hour' where version = 1"),
    ("update routing_tables set created_at = created_at + interval '1 hour' where version = 2", "update routing_tables set created_at = created_at - interval '1 hour' where version = 2"),
    ("update routing_tables set created_by = 'somebody' where version = 1", "update routing_tables set created_by = (select created_by from routing_tables where version = 2) where version = 1"),
    ("update routing_tables set rules = jsonb_set(rules, '{0,connectors,0,weight}', '0') where version = 1", "update routing_tables set rules = jsonb_set(rules, '{0,connectors,0,weight}', '500') where version = 1"),
    ("update routing_tables set rules = jsonb_set(rules, '{1,amount_from_minor}', '50001') where version = 1", "update routing_tables set rules = jsonb_set(rules, '{1,amount_from_minor}', '50000') where version = 1"),
    ("update routing_tables set rules = jsonb_set(rules, '{1,amount_from_minor}', '49000') where version = 1", "update routing_tables set rules = jsonb_set(rules, '{1,amount_from_minor}', '50000') where version = 1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_of_payments_are_proved_and_changes_of_them_are_seen() {
    let platform = started_with(&[simulator::service()]).await;
    history(&platform).await;
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    let check = report.checks.iter().find(|check| check.name == SEEN_BY).unwrap();
    assert_eq!(check.examined, 7);
    let words = [
        (
            "OWN",
            "(select m.payment_method_id from payment_methods m join payments p using (caller)
               where p.payment_id = PAY and m.token = 'tok_ok')",
        ),
        (
            "OTHER",
            "(select payment_method_id from payment_methods where token = 'pm_refused')",
        ),
        (
            "PAY",
            "(select payment_id from payments where order_reference = 'refused-before')",
        ),
    ];
    let whole = |sql: &str| {
        let put = |sql: String, (word, means): &(&str, &str)| sql.replace(word, means);
        words.iter().fold(sql.to_owned(), put)
    };
    for (corrupt, heal) in CHANGED {
        change(&platform, "payment", "routing_tables", &whole(corrupt)).await;
        let report = verified(&platform).await;
        let names: Vec<&str> = broken(&report).iter().map(|check| check.name.as_str()).collect();
        assert!(names.contains(&SEEN_BY), "{corrupt}: {names:?}");
        change(&platform, "payment", "routing_tables", &whole(heal)).await;
    }
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    platform.stop().await;
}
