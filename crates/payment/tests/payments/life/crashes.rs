//! A process dies between two transactions, wherever that may be: another one goes on, and everything is done once.

mod courses;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Answer, Platform, operator};

use crate::asking::{eventually, journal, kept, made, more, order, path, read, sums};
use crate::gate::{self, Gate};
use crate::sound::{assert_sound, assert_told};
use crate::support::{id, partner_service, shop};
use courses::{Course, amounts, places};

/// A payment whose process dies at one place.
struct Death {
    course: &'static Course,
    name: String,
    body: Value,
    /// The payment, where it is there before.
    payment: Option<String>,
    /// What is asked when the process dies: where, and what.
    asked: (String, Value),
}

async fn prepare(
    platform: &Platform,
    shop: PartnerId,
    course: &'static Course,
    number: usize,
    place: &str,
) -> Death {
    let amounts = amounts(course, number);
    let kind = |token: &&str| match token.get(..3) {
        Some("vch") => "voucher",
        Some("pts") => "points",
        _ => "card",
    };
    let tenders: Vec<_> = course
        .tokens
        .iter()
        .zip(&amounts)
        .map(|(token, amount)| (kind(token), *amount, *token))
        .collect();
    let name = format!("{} {place}", course.name);
    let mut body = order(&name, shop, &[amounts.iter().sum()], &tenders);
    if course.is_held {
        body = kept(body);
    }
    let Some(command) = course.command else {
        return Death {
            course,
            name,
            asked: ("/v1/payments".to_owned(), body.clone()),
            body,
            payment: None,
        };
    };
    let payment = if course.before == ["ask the buyer"] {
        id(&platform.post("payment", "/v1/payments", &body).await.expect(201))
    } else {
        let payment = made(platform, &body, "authorized").await;
        for before in course.before {
            crate::asking::ask(platform, &payment, before, json!({}))
                .await
                .expect(200);
        }
        payment
    };
    let asked = match command {
        "increment" => more(shop, amounts[0], None),
        _ => json!({}),
    };
    Death {
        course,
        name,
        body,
        asked: (path(&payment, command), asked),
        payment: Some(payment),
    }
}

/// None: no answer came.
async fn send(platform: &Platform, death: &Death) -> Option<Answer> {
    let headers = [("idempotency-key", death.name.as_str())];
    let (path, body) = &death.asked;
    platform
        .try_send(
            "payment",
            Some(&operator()),
            http::Method::POST,
            path,
            &headers,
            Some(body),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_process_dies_another_goes_on_and_everything_is_done_once() {
    let platform = Platform::of(&[partner_service(), gate::network()])
        .apart(&[payment::service()])
        .setting("payment.connector_timeout_ms", "20000")
        .start()
        .await;
    let platform = Arc::new(platform);
    let (gate, shop) = (Gate::of(&platform), shop());
    let first = platform.launch(TimeDelta::zero()).await;
    let mut deaths = Vec::new();
    for (number, (course, (operation, tender), hold)) in places().enumerate() {
        let place = format!("{hold:?} {operation} {tender}");
        let death = prepare(&platform, shop, course, number, &place).await;
        gate.hold(operation, Some(amounts(course, number)[tender]), hold);
        deaths.push(Arc::new(death));
    }
    let asking: Vec<_> = deaths
        .iter()
        .map(|death| {
            let (platform, death) = (Arc::clone(&platform), Arc::clone(death));
            tokio::spawn(async move { send(&platform, &death).await.map(|answer| answer.body) })
        })
        .collect();
    gate.reached(deaths.len()).await;
    first.kill().await;
    for asked in asking {
        assert_eq!(asked.await.unwrap(), None, "nobody was answered");
    }

    let second = platform.launch(TimeDelta::minutes(1)).await;
    let mut payments = BTreeMap::new();
    for death in &deaths {
        let payment = repeat(&platform, death).await;
        payments.insert(payment, Arc::clone(death));
    }
    assert_eq!(payments.len(), deaths.len());
    for (payment, death) in &payments {
        let read = ends(&platform, payment, death).await;
        assert_whole(&read, death);
    }
    assert_sound(&platform).await;
    for payment in payments.keys() {
        assert_told(&platform, payment).await;
    }
    // What was on its way to the network arrives after all, and does nothing again.
    let entries = journal(&platform).await.len();
    gate.open();
    for death in &deaths {
        let answer = send(&platform, death).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", death.name, answer.body);
    }
    assert_eq!(journal(&platform).await.len(), entries);
    assert_sound(&platform).await;
    second.stop().await;
}

/// Whoever asked asks again, until it is not being worked on; returns the payment.
async fn repeat(platform: &Platform, death: &Death) -> String {
    let answer = eventually(&death.name, async || {
        let answer = send(platform, death).await?;
        (answer.body["code"] != "request_in_progress").then_some(answer)
    })
    .await;
    assert!(answer.status.is_success(), "{}: {}", death.name, answer.body);
    let payment = id(&answer.body);
    assert!(
        death.payment.as_ref().is_none_or(|known| *known == payment),
        "{}",
        death.name
    );
    assert_eq!(answer.body["order_reference"], death.body["order_reference"]);
    payment
}

async fn ends(platform: &Platform, payment: &str, death: &Death) -> Value {
    eventually(&death.name, async || {
        let read = read(platform, payment).await;
        (read["status"] == death.course.end).then_some(read)
    })
    .await
}

/// Everything that the payment is about was moved, and nothing of it twice.
fn assert_whole(payment: &Value, death: &Death) {
    let all = payment["amount_minor"].as_i64().unwrap();
    let [held, captured, voided, back] = sums(payment);
    match death.course.end {
        "completed" => assert_eq!([held, captured, back], [0, all, 0], "{payment}"),
        "refunded" => assert_eq!([held, captured, back], [0, all, all], "{payment}"),
        "voided" => assert_eq!([held, captured, voided], [0, 0, all], "{payment}"),
        "authorized" => assert_eq!([held, captured], [all, 0], "{payment}"),
        _ => assert_eq!([held, captured - back], [0, 0], "{payment}"),
    }
    if death.course.command == Some("increment") {
        assert_eq!(payment["lines"].as_array().unwrap().len(), 2, "{payment}");
    }
}
