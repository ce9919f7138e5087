//! What is peculiar to Stripe, against a double of it.

use crate::asking;
use crate::stripe_double::{self, SECRET_KEY, StripeDouble};
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::{Clock as _, SystemClock};
use chrono::{SubsecRound as _, TimeDelta};
use serde_json::{Value, json};
use testkit::Platform;

async fn started() -> (Platform, StripeDouble) {
    let double = StripeDouble::start().await;
    let platform = stripe_double::platform(&double).start().await;
    double.tell(platform.address("payment"));
    (platform, double)
}

fn order(token: &str) -> Value {
    let mut order = card(token, shop(), token);
    order["connector"] = json!("stripe");
    order
}

fn to_hold(token: &str) -> Value {
    let mut order = order(token);
    order["capture"] = json!("manual");
    order
}

async fn made(platform: &Platform, order: &Value) -> Value {
    platform.post("payment", "/v1/payments", order).await.expect(201)
}

async fn asked(platform: &Platform, payment: &Value, what: &str, body: Value) -> Value {
    let path = format!("/v1/payments/{}/{what}", id(payment));
    let answer = platform.post("payment", &path, &body).await;
    assert!(answer.status.is_success(), "{what}: {}", answer.body);
    answer.body
}

/// Stripe's name for the charge of a payment.
async fn intent(platform: &Platform, payment: &Value) -> String {
    let payment = id(payment).parse::<ids::PaymentId>().unwrap();
    sqlx::query_scalar(
        "select connector_reference from transactions where payment_id = $1 order by created_at limit 1",
    )
    .bind(payment.as_uuid())
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap()
}

/// Asks until `holds` of the answer.
async fn eventually(platform: &Platform, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let answer = platform.get("payment", path).await.expect(200);
            if holds(&answer) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(30), asking).await;
    in_time.unwrap_or_else(|_| unreachable!("{path} did not come to it in time"))
}

fn executed(double: &StripeDouble) -> Vec<&'static str> {
    double.executed().iter().map(|done| done.operation).collect()
}

/// The attempts that were made at the open operation of a payment.
async fn attempts(platform: &Platform) -> i32 {
    sqlx::query_scalar("select max(attempts) from transactions")
        .fetch_one(platform.database("payment").db().pool())
        .await
        .unwrap()
}

async fn until_attempts(platform: &Platform, more_than: i32) {
    let waiting = async {
        while attempts(platform).await <= more_than {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waiting)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_nothing_is_sent_again_and_only_what_is_found_counts() {
    let double = StripeDouble::start().await;
    let now = SystemClock.now().trunc_subsecs(6);
    let platform = stripe_double::platform(&double).clock_at(now).start().await;
    double.tell(platform.address("payment"));
    let answer = platform
        .post("payment", "/v1/payments", &order("pm_withheld"))
        .await;
    let payment = answer.expect(202);
    assert_eq!(executed(&double), ["sale"]);
    // The payment service was away for a day, and Stripe has forgotten the key.
    double.forget_keys();
    let before = attempts(&platform).await;
    platform.set_clock(now + TimeDelta::hours(24));
    until_attempts(&platform, before).await;
    platform.set_clock(now + TimeDelta::hours(25));
    until_attempts(&platform, before + 1).await;
    let open = platform
        .get("payment", &format!("/v1/payments/{}", id(&payment)))
        .await
        .expect(200);
    assert_eq!(
        (open["status"].as_str(), executed(&double)),
        (Some("processing"), vec!["sale"])
    );
    double.catch_up();
    platform.set_clock(now + TimeDelta::hours(26));
    until(&platform, &id(&payment), "completed").await;
    assert_eq!(executed(&double), ["sale"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_found_at_its_charge_however_late() {
    let double = StripeDouble::start().await;
    let now = SystemClock.now().trunc_subsecs(6);
    let platform = stripe_double::platform(&double).clock_at(now).start().await;
    double.tell(platform.address("payment"));
    // Made in time, so that only the change is late.
    let mut held = to_hold("pm_withheld");
    held["order_reference"] = json!("held");
    let payment = platform.post("payment", "/v1/payments", &held).await.expect(202);
    platform.set_clock(now + TimeDelta::seconds(1));
    until(&platform, &id(&payment), "authorized").await;
    asked(&platform, &payment, "capture", json!({"amount_minor": 4_000})).await;
    double.forget_keys();
    platform.set_clock(now + TimeDelta::hours(48));
    until(&platform, &id(&payment), "partially_captured").await;
    assert_eq!(executed(&double), ["authorize", "capture"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_fails_what_is_new_and_nothing_that_was_sent() {
    let (platform, double) = started().await;
    let open = platform
        .post("payment", "/v1/payments", &order("pm_silent"))
        .await
        .expect(202);
    double.exchange_key("sk_test_another");
    let refused = made(&platform, &order("pm_ok")).await;
    assert_eq!(
        (refused["status"].as_str(), refused["failure"]["code"].as_str()),
        (Some("failed"), Some("connector_misconfigured"))
    );
    assert!(!refused.to_string().contains(SECRET_KEY));
    let before = attempts(&platform).await;
    until_attempts(&platform, before).await;
    let still = platform
        .get("payment", &format!("/v1/payments/{}", id(&open)))
        .await
        .expect(200);
    assert_eq!(still["status"], "processing");
    double.exchange_key(SECRET_KEY);
    until(&platform, &id(&open), "completed").await;
    assert_eq!(executed(&double), ["sale"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_charge_takes_one_capture_its_rest_is_let_go() {
    let (platform, double) = started().await;
    let payment = made(&platform, &to_hold("pm_one_capture")).await;
    asked(&platform, &payment, "capture", json!({"amount_minor": 4_000})).await;
    // Stripe has let go of the rest with the capture, and the books follow by themselves.
    let payment = until(&platform, &id(&payment), "completed").await;
    assert_eq!(
        (
            payment["captured_minor"].as_i64(),
            payment["tenders"][0]["voided_minor"].as_i64()
        ),
        (Some(4_000), Some(6_000))
    );
    assert_eq!(executed(&double), ["authorize", "capture"]);
    assert_eq!(published(&platform, "payment-completed", &id(&payment)).await, 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_waits_for_the_bank_and_may_fail_long_after() {
    let (platform, double) = started().await;
    let payment = made(&platform, &order("pm_pending_refund")).await;
    let waiting = asked(&platform, &payment, "refunds", json!({"amount_minor": 4_000})).await;
    assert_eq!(waiting["status"], "processing");
    double.settle_refunds();
    until(&platform, &id(&payment), "partially_refunded").await;
    double.fail_refund(&intent(&platform, &payment).await).await;
    let back = until(&platform, &id(&payment), "completed").await;
    assert_eq!(back["failure"]["code"], "lost_or_stolen_card");
    assert_eq!(back["refunded_minor"], 0);
    assert_eq!(published(&platform, "payment-refunded", &id(&payment)).await, 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_can_not_come_back_is_not_sent_away() {
    let (platform, double) = started().await;
    let failed = made(&platform, &order("pm_3ds")).await;
    assert_eq!(
        (failed["status"].as_str(), failed["failure"]["code"].as_str()),
        (Some("failed"), Some("authentication_required"))
    );
    assert_eq!(executed(&double), Vec::<&str>::new());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_buyer_is_given_up_once_though_nobody_answers() {
    let (platform, double) = started().await;
    let mut order = order("pm_withheld_3ds");
    order["return_url"] = json!("https://shop.example/back");
    let payment = platform.post("payment", "/v1/payments", &order).await.expect(202);
    until(&platform, &id(&payment), "requires_action").await;
    asked(&platform, &payment, "cancel", json!({})).await;
    until(&platform, &id(&payment), "canceled").await;
    assert_eq!(executed(&double), ["cancel"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_followed_and_evidence_heard_once() {
    let (platform, double) = started().await;
    let payment = made(&platform, &order("pm_ok")).await;
    let charge = intent(&platform, &payment).await;
    let name = double.dispute(&charge, 6_000, "needs_response").await;
    let list = format!("/v1/disputes?payment_id={}", id(&payment));
    let heard = eventually(&platform, &list, |page| page["data"][0].is_object()).await;
    let dispute = &heard["data"][0];
    assert_eq!(
        (
            dispute["state"].as_str(),
            dispute["is_withdrawn"].as_bool(),
            dispute["amount_minor"].as_i64()
        ),
        (Some("needs_response"), Some(true), Some(6_000))
    );
    let path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    let evidence = format!("{path}/evidence");
    let file = json!({"name": "signed.pdf", "content_type": "application/pdf",
                      "content_base64": STANDARD.encode(b"%PDF")});
    let two = json!({"text": "twice", "files": [file, file]});
    platform.post("payment", &evidence, &two).await.expect(202);
    eventually(&platform, &evidence, |all| all[0]["state"] == "refused").await;
    let one = json!({"text": "It was delivered.", "files": [file]});
    platform.post("payment", &evidence, &one).await.expect(202);
    eventually(&platform, &evidence, |all| all[1]["state"] == "accepted").await;
    eventually(&platform, &path, |dispute| dispute["state"] == "under_review").await;
    let there = double.read_dispute(&name);
    assert_eq!(there["evidence"]["uncategorized_text"], "It was delivered.");
    assert!(
        there["evidence"]["uncategorized_file"]
            .as_str()
            .unwrap()
            .starts_with("file_")
    );
    // Whoever was not answered hands it over again, long after, and hears that it is there.
    double.forget_keys();
    sqlx::query("update dispute_evidence set state = 'waiting', due_at = now() where state = 'accepted'")
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
    eventually(&platform, &evidence, |all| all[1]["state"] == "accepted").await;
    // Another one is one too many.
    platform
        .post("payment", &evidence, &json!({"text": "And more."}))
        .await
        .expect(202);
    eventually(&platform, &evidence, |all| all[2]["state"] == "refused").await;
    double.close_dispute(&name, "won").await;
    let won = eventually(&platform, &path, |dispute| dispute["state"] == "won").await;
    assert_eq!(won["is_withdrawn"], false);
    platform.stop().await;
}

/// The webhooks that were heard, state and problem, as soon as `holds` of them.
async fn heard(
    platform: &Platform,
    holds: impl Fn(&[(String, Option<String>)]) -> bool,
) -> Vec<(String, Option<String>)> {
    asking::eventually("the webhooks came to it", async || {
        let heard: Vec<(String, Option<String>)> =
            sqlx::query_as("select state, problem from webhooks order by received_at, event_id")
                .fetch_all(platform.database("payment").db().pool())
                .await
                .unwrap();
        holds(&heard).then_some(heard)
    })
    .await
}

/// Whether there are `many` webhooks that wait, and say why.
fn wait_with_reason(heard: &[(String, Option<String>)], many: usize) -> bool {
    let waits = |(state, problem): &(String, Option<String>)| state == "waiting" && problem.is_some();
    heard.len() == many && heard.iter().all(waits)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_told_before_its_charge_is_known_waits_for_it() {
    let double = StripeDouble::start().await;
    let now = SystemClock.now().trunc_subsecs(6);
    let platform = stripe_double::platform(&double).clock_at(now).start().await;
    double.tell(platform.address("payment"));
    let answer = platform
        .post("payment", "/v1/payments", &order("pm_withheld"))
        .await;
    let payment = answer.expect(202);
    let intents = double.intents();
    double.dispute(&intents[0], 6_000, "needs_response").await;
    // That it was opened, and that the money was taken.
    let waiting = heard(&platform, |heard| wait_with_reason(heard, 2)).await;
    let reason = format!("there is no charge {}", intents[0]);
    assert_eq!(waiting[0].1.as_ref(), Some(&reason));
    platform.set_clock(now + TimeDelta::seconds(1));
    until(&platform, &id(&payment), "completed").await;
    platform.set_clock(now + TimeDelta::minutes(1));
    let list = format!("/v1/disputes?payment_id={}", id(&payment));
    let page = eventually(&platform, &list, |page| page["data"][0].is_object()).await;
    assert_eq!(page["data"][0]["is_withdrawn"], true);
    heard(&platform, |heard| heard.iter().all(|(state, _)| state == "done")).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_can_not_be_read_waits_for_a_version_that_can_and_is_given_up_after_a_week() {
    let double = StripeDouble::start().await;
    let now = SystemClock.now().trunc_subsecs(6);
    let platform = stripe_double::platform(&double).clock_at(now).start().await;
    double.tell(platform.address("payment"));
    let payment = made(&platform, &order("pm_ok")).await;
    let charge = intent(&platform, &payment).await;
    double.dispute(&charge, 6_000, "a_new_word").await;
    heard(&platform, |heard| wait_with_reason(heard, 1)).await;
    platform.set_clock(now + TimeDelta::days(8));
    let given_up = heard(&platform, |heard| {
        heard.iter().all(|(state, _)| state != "waiting")
    })
    .await;
    assert_eq!(given_up[0].0, "ignored");
    let problem = given_up[0].1.as_deref().unwrap_or_default();
    assert!(problem.starts_with("it can't be read"), "{problem}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_in_earnest_takes_the_money_though_nothing_told_of_its_opening() {
    let (platform, double) = started().await;
    for (status, is_withdrawn) in [("under_review", true), ("warning_under_review", false)] {
        let mut order = order("pm_ok");
        order["order_reference"] = json!(status);
        let payment = made(&platform, &order).await;
        let charge = intent(&platform, &payment).await;
        double.dispute(&charge, 6_000, status).await;
        let list = format!("/v1/disputes?payment_id={}", id(&payment));
        let page = eventually(&platform, &list, |page| page["data"][0].is_object()).await;
        let dispute = &page["data"][0];
        assert_eq!(dispute["state"], "under_review", "{status}");
        assert_eq!(dispute["is_withdrawn"], is_withdrawn, "{status}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_in_another_currency_than_its_payment_is_not_booked_and_waits() {
    let (platform, double) = started().await;
    let payment = made(&platform, &order("pm_ok")).await;
    double.count_in(&intent(&platform, &payment).await, "usd");
    double
        .dispute(&double.intents()[0], 6_000, "needs_response")
        .await;
    let waiting = heard(&platform, |heard| wait_with_reason(heard, 2)).await;
    let reason = "USD is disputed of a payment in KRW";
    assert_eq!(waiting[0].1.as_deref(), Some(reason));
    let list = format!("/v1/disputes?payment_id={}", id(&payment));
    let page = platform.get("payment", &list).await.expect(200);
    assert_eq!(page["data"], json!([]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_go_out_in_the_units_of_stripe() {
    let (platform, double) = started().await;
    let currency = money::Currency::parse("ISK").unwrap();
    let mut order = order("pm_ok");
    order["currency"] = json!("ISK");
    order["lines"][0]["partner_id"] = json!(partner(&[currency]));
    let payment = made(&platform, &order).await;
    assert_eq!(payment["status"], "completed");
    assert_eq!(double.executed()[0].amount, 1_000_000);
    platform.stop().await;
}
