//! Lists of payments: filtered, ordered, page by page.

use std::collections::BTreeSet;

use crate::support::*;
use money::Currency;
use serde_json::{Value, json};
use testkit::Platform;

/// Every page of a list, and that none but the last is short.
async fn all(platform: &Platform, query: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut path = format!("/v1/payments?limit=7&{query}");
    loop {
        let page = platform.get("payment", &path).await.expect(200);
        let data = page["data"].as_array().unwrap();
        found.extend(data.iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return found;
        };
        assert_eq!(data.len(), 7);
        path = format!("/v1/payments?limit=7&cursor={cursor}");
    }
}

fn amounts(found: &[Value]) -> Vec<i64> {
    found
        .iter()
        .map(|payment| payment["amount_minor"].as_i64().unwrap())
        .collect()
}

fn references(found: &[Value]) -> BTreeSet<String> {
    found
        .iter()
        .map(|payment| payment["order_reference"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_and_filter_shows_each_payment_once_and_in_its_place() {
    let platform = platform().start().await;
    let shops = [
        partner(&[Currency::KRW, Currency::USD]),
        partner(&[Currency::KRW, Currency::USD]),
    ];
    let mut payments = Vec::new();
    for number in 0..30_usize {
        let amount = i64::try_from(number % 5).unwrap() * 100;
        payments.push(json!({
            "order_reference": format!("order-{number}"), "connector": "external",
            "currency": if number % 2 == 0 { "KRW" } else { "USD" },
            "lines": [
                {"partner_id": shops[number % 2], "unit_price_minor": amount},
                {"partner_id": shops[number % 2], "unit_price_minor": 0},
            ],
            "tenders": [{"kind": "cash", "amount_minor": amount}],
        }));
    }
    let batch = json!({"payments": payments});
    platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    let later = platform
        .post("payment", "/v1/payments", &external("later", shops[0]))
        .await
        .expect(201);
    let declined = card("declined", shops[0], "tok_declined");
    for key in ["first", "second"] {
        let failed = post_with_key(&platform, "/v1/payments", key, &declined).await;
        assert_eq!(failed.expect(201)["status"], "failed");
    }

    let newest = all(&platform, "").await;
    assert_eq!(newest.len(), 33);
    let mut oldest = all(&platform, "sort=oldest").await;
    oldest.reverse();
    assert_eq!(newest, oldest);
    let largest = all(&platform, "sort=largest&currency=KRW").await;
    assert!(amounts(&largest).is_sorted_by(|a, b| a >= b) && largest.len() == 18);
    let mut smallest = all(&platform, "sort=smallest&currency=KRW").await;
    smallest.reverse();
    assert_eq!(largest, smallest);

    let made_later = later["created_at"].as_str().unwrap().replace('+', "%2B");
    for (query, count) in [
        (format!("partner_id={}", shops[1]), 15),
        (format!("partner_id={}&status=failed", shops[0]), 2),
        ("order_reference=declined".to_owned(), 2),
        (
            "order_reference=declined&sort=smallest&currency=KRW".to_owned(),
            2,
        ),
        ("order_reference=order-3".to_owned(), 1),
        ("order_reference=order-3&status=failed".to_owned(), 0),
        (
            "currency=USD&amount_from_minor=100&amount_to_minor=200".to_owned(),
            6,
        ),
        ("sort=largest&currency=USD&amount_from_minor=300".to_owned(), 6),
        ("status=failed&sort=oldest".to_owned(), 2),
        (format!("created_from={made_later}"), 3),
        (format!("created_to={made_later}"), 30),
        (format!("created_from={made_later}&status=completed"), 1),
    ] {
        let found = all(&platform, &query).await;
        assert_eq!(found.len(), count, "{query}: {:?}", references(&found));
    }
    let refused = platform
        .get("payment", "/v1/payments?sort=largest")
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "currency");
    platform.stop().await;
}
