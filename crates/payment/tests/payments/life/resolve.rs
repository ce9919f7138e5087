//! A person says what became of an operation, where the network does not.

use serde_json::{Value, json};
use testkit::{Answer, Platform};

use crate::asking::{
    ask, eventually, executed, journal, kept, last_operation, made, order, read, sums, told,
};
use crate::gate::{self, Gate, Hold};
use crate::sound::{assert_agreed, assert_sound, assert_told, settled};
use crate::support::{id, is_replay, partner_service, post_with_key, shop, until};

async fn start() -> Platform {
    Platform::of(&[partner_service(), gate::network(), payment::service()])
        .start()
        .await
}

/// Decides, as soon as the network is not being asked.
async fn resolve(platform: &Platform, payment: &str, operation: &str, body: &Value) -> Answer {
    let path = format!("/v1/payments/{payment}/operations/{operation}/resolve");
    eventually("it is not being asked", async || {
        let answer = post_with_key(platform, &path, operation, body).await;
        (answer.body["code"] != "request_in_progress").then_some(answer)
    })
    .await
}

fn did(reference: &str) -> Value {
    json!({"outcome": "succeeded", "connector_reference": reference, "reason": "the network's statement has it"})
}

fn did_not() -> Value {
    json!({"outcome": "failed", "reason": "the network's statement has it not"})
}

/// The charge that the network made last.
async fn last_charge(platform: &Platform) -> String {
    let last = journal(platform).await.pop().unwrap();
    last["result_charge_id"].as_str().unwrap().to_owned()
}

/// A payment whose last operation is unknown.
async fn unclear(platform: &Platform, payment: &str, command: &str) -> String {
    let answer = ask(platform, payment, command, json!({})).await.expect(202);
    assert_eq!(answer["status"], "processing");
    last_operation(platform, payment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_decides_is_how_the_payment_goes_on() {
    let platform = start().await;
    let (gate, shop) = (Gate::of(&platform), shop());
    let mut decided = Vec::new();
    for (name, hold, is_done, status, end) in [
        ("lost-and-not-done", Hold::Lost, false, "authorized", [10_000, 0]),
        ("untold-and-done", Hold::Untold, true, "completed", [0, 10_000]),
    ] {
        let body = kept(order(name, shop, &[10_000], &[("card", 10_000, "tok_ok")]));
        let payment = made(&platform, &body, "authorized").await;
        gate.hold("capture", None, hold);
        let operation = unclear(&platform, &payment, "capture").await;
        let charge = last_charge(&platform).await;
        let says = if is_done { did(&charge) } else { did_not() };
        let first = resolve(&platform, &payment, &operation, &says).await;
        let answer = first.clone().expect(200);
        assert_eq!(answer["status"], status, "{answer}");
        assert_eq!(sums(&answer)[..2], end, "{answer}");
        let failure = if is_done { Value::Null } else { json!("resolved") };
        assert_eq!(answer["failure"]["code"], failure, "{answer}");
        let again = resolve(&platform, &payment, &operation, &says).await;
        assert!(is_replay(&again) && again.bytes == first.bytes);
        let late = ask_again(&platform, &payment, &operation).await;
        assert_eq!(late.expect(409)["code"], "conflict");
        // The network is back: it is asked for nothing that is decided, and takes what comes next.
        gate.open();
        let (command, next) = if is_done {
            ("refund", "refunded")
        } else {
            ("capture", "completed")
        };
        let answer = ask(&platform, &payment, command, json!({})).await.expect(200);
        assert_eq!(answer["status"], next, "{answer}");
        assert_told(&platform, &payment).await;
        decided.push(operation);
    }
    settled(&platform).await;
    assert_agreed(&platform, &[]).await;
    assert_kept(&platform, &decided).await;
    platform.stop().await;
}

/// The same decision under another key.
async fn ask_again(platform: &Platform, payment: &str, operation: &str) -> Answer {
    let path = format!("/v1/payments/{payment}/operations/{operation}/resolve");
    platform.post("payment", &path, &did_not()).await
}

/// Who decided, and why.
async fn assert_kept(platform: &Platform, decided: &[String]) {
    let kept: Vec<(String, String)> =
        sqlx::query_as("select requested_by, reason from changes where kind = 'resolve' order by created_at")
            .fetch_all(platform.database("payment").db().pool())
            .await
            .unwrap();
    assert_eq!(kept.len(), decided.len());
    for (by, reason) in kept {
        assert_eq!(by, "usr_operator");
        assert!(reason.starts_with("the network's statement"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_is_decided_goes_on_with_the_next_tender_or_fails() {
    let platform = start().await;
    let (gate, shop) = (Gate::of(&platform), shop());
    let tenders = [("card", 6_000, "tok_ok"), ("voucher", 4_000, "vch_ok")];
    let body = order("done", shop, &[10_000], &tenders);
    gate.hold("authorize", Some(6_000), Hold::Untold);
    let payment = id(&platform.post("payment", "/v1/payments", &body).await.expect(202));
    let operation = last_operation(&platform, &payment).await;
    let charge = last_charge(&platform).await;
    let answer = resolve(&platform, &payment, &operation, &did(&charge))
        .await
        .expect(200);
    assert_eq!(answer["status"], "completed", "{answer}");
    assert_told(&platform, &payment).await;

    let body = order("not-done", shop, &[10_000], &tenders);
    gate.hold("authorize", Some(4_000), Hold::Lost);
    let payment = id(&platform.post("payment", "/v1/payments", &body).await.expect(202));
    let operation = last_operation(&platform, &payment).await;
    let answer = resolve(&platform, &payment, &operation, &did_not())
        .await
        .expect(200);
    assert_eq!(answer["status"], "failed", "{answer}");
    assert_eq!(sums(&answer), [0, 0, 6_000, 0], "{answer}");
    let failed = told(&platform, "payment-failed", &payment).await;
    assert_eq!(failed[0]["reason"], "resolved");
    gate.open();
    made(&platform, &body, "completed").await;
    settled(&platform).await;
    assert_agreed(&platform, &[]).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_unknown_outcome_is_decided_and_only_with_a_reason() {
    let platform = start().await;
    let (gate, shop) = (Gate::of(&platform), shop());
    let body = kept(order("order", shop, &[10_000], &[("card", 10_000, "tok_ok")]));
    let payment = made(&platform, &body, "authorized").await;
    let known = last_operation(&platform, &payment).await;
    assert_eq!(
        resolve(&platform, &payment, &known, &did_not()).await.expect(409)["code"],
        "conflict"
    );
    gate.hold("capture", None, Hold::Lost);
    let operation = unclear(&platform, &payment, "capture").await;
    for (body, pointer) in [
        (json!({"outcome": "failed"}), ""),
        (json!({"outcome": "failed", "reason": ""}), "/reason"),
        (json!({"outcome": "perhaps", "reason": "who knows"}), "/outcome"),
        (
            json!({"outcome": "succeeded", "reason": "no name"}),
            "/connector_reference",
        ),
        (
            json!({"outcome": "failed", "reason": "a name", "connector_reference": "chg"}),
            "/connector_reference",
        ),
    ] {
        let problem = resolve(&platform, &payment, &operation, &body).await.expect(422);
        let named = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(named.starts_with(pointer), "{problem}");
    }
    let nobodys = "txn_01jd8m3k7efg8v5n2x4c6b9t0r";
    resolve(&platform, &payment, nobodys, &did_not())
        .await
        .expect(404);
    assert_eq!(read(&platform, &payment).await["status"], "processing");
    gate.open();
    until(&platform, &payment, "completed").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_while_the_network_is_being_asked() {
    let platform = Platform::of(&[partner_service(), gate::network(), payment::service()])
        .setting("payment.connector_timeout_ms", "8000")
        .start()
        .await;
    let gate = Gate::of(&platform);
    let body = kept(order("order", shop(), &[10_000], &[("card", 10_000, "tok_ok")]));
    let payment = made(&platform, &body, "authorized").await;
    // Neither the order nor its repeat gets there: the network knows nothing of it, so that it is sent again.
    gate.hold("capture", None, Hold::Before);
    gate.hold("capture", None, Hold::Before);
    let operation = unclear(&platform, &payment, "capture").await;
    gate.reached(2).await;
    let path = format!("/v1/payments/{payment}/operations/{operation}/resolve");
    let problem = platform.post("payment", &path, &did_not()).await.expect(409);
    assert_eq!(problem["code"], "request_in_progress", "{problem}");
    gate.open();
    let done = until(&platform, &payment, "completed").await;
    assert_eq!(sums(&done), [0, 10_000, 0, 0], "{done}");
    let captures = executed(&platform, &payment).await.into_iter();
    assert_eq!(
        captures.filter(|(operation, ..)| operation == "capture").count(),
        1
    );
    assert_sound(&platform).await;
    platform.stop().await;
}
