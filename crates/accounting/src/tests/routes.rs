//! The service over HTTP.

use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Platform, auditor};

use super::{at, bookkeeper, fact, now, payment, post};

async fn platform() -> Platform {
    Platform::of(&[crate::service()]).clock_at(now()).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_by_source_partner_and_account() {
    let platform = platform().await;
    let outbox = platform.database("accounting").outbox();
    let (partner, other) = (PartnerId::generate(), PartnerId::generate());
    let sale = payment(partner, now());
    let mut over = payment(other, now());
    over.tenders[0].captured_minor += 1;
    let facts = vec![fact(&sale), fact(&over), fact(&payment(other, now()))];
    post(&outbox, &bookkeeper(), facts).await;
    for (query, found) in [
        (String::new(), 3),
        (format!("?source={}", sale.payment_id), 1),
        (format!("?source={}&account=suspense_over", sale.payment_id), 0),
        (format!("?partner_id={other}"), 2),
        (format!("?partner_id={other}&account=receivable_card"), 0),
        ("?account=receivable_card".to_owned(), 3),
        ("?account=suspense_over".to_owned(), 1),
        (format!("?partner_id={}", PartnerId::generate()), 0),
    ] {
        let page = platform
            .get("accounting", &format!("/v1/journal-entries{query}"))
            .await
            .expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{query}");
    }
    let page = platform
        .get(
            "accounting",
            &format!("/v1/journal-entries?source={}", sale.payment_id),
        )
        .await
        .expect(200);
    let entry = &page["data"][0];
    assert_eq!(entry["posted_on"], "2026-12-10");
    assert_eq!(entry["lines"][1]["partner_id"], partner.to_string());
    assert_eq!(entry["lines"][1]["side"], "credit");
    let id = entry["id"].as_str().unwrap();
    let alone = platform
        .get("accounting", &format!("/v1/journal-entries/{id}"))
        .await
        .expect(200);
    assert_eq!(&alone, entry);
    let breaks = platform
        .get("accounting", "/v1/breaks?kind=over&state=open")
        .await
        .expect(200);
    assert_eq!(breaks["data"][0]["payment_id"], over.payment_id.to_string());
    assert_eq!(breaks["data"][0]["amount_minor"], 1);
    for missing in [
        "jen_00000000000000000000000000",
        "pay_00000000000000000000000000",
        "x",
    ] {
        platform
            .get("accounting", &format!("/v1/journal-entries/{missing}"))
            .await
            .expect(404);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_through_all_entries_newest_first() {
    let platform = platform().await;
    let outbox = platform.database("accounting").outbox();
    let facts = (0..5).map(|_| fact(&payment(PartnerId::generate(), now())));
    post(&outbox, &bookkeeper(), facts.collect()).await;
    let mut seen: Vec<String> = Vec::new();
    let mut path = "/v1/journal-entries?account=receivable_card&limit=2".to_owned();
    loop {
        let page = platform.get("accounting", &path).await.expect(200);
        for entry in page["data"].as_array().unwrap() {
            seen.push(entry["id"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/journal-entries?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (5, &sorted));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_balance_and_the_ledgers_carry_balances_forward() {
    let platform = platform().await;
    let outbox = platform.database("accounting").outbox();
    let partner = PartnerId::generate();
    let facts = [
        "2026-10-05T00:00:00Z",
        "2026-11-05T00:00:00Z",
        "2026-11-06T00:00:00Z",
    ]
    .map(|day| fact(&payment(partner, at(day))));
    post(&outbox, &bookkeeper(), facts.into()).await;
    let balance = platform
        .get("accounting", "/v1/trial-balance?period=2026-11")
        .await
        .expect(200);
    assert_eq!(
        balance,
        json!({
            "book": "main",
            "period": "2026-11",
            "accounts": [
                {"account": "receivable_card", "currency": "KRW", "opening_minor": "10000",
                 "debit_minor": "20000", "credit_minor": "0", "closing_minor": "30000"},
                {"account": "partner_payable_unsettled", "currency": "KRW", "opening_minor": "-10000",
                 "debit_minor": "0", "credit_minor": "20000", "closing_minor": "-30000"},
            ],
            "totals": [{"currency": "KRW", "debit_minor": "20000", "credit_minor": "20000",
                        "difference_minor": "0"}],
        })
    );
    let all = platform.get("accounting", "/v1/trial-balance").await.expect(200);
    assert_eq!(all["totals"][0]["debit_minor"], "30000");
    let path = format!("/v1/ledgers?account=partner_payable_unsettled&partner_id={partner}");
    let ledgers = platform.get("accounting", &path).await.expect(200);
    let months: Vec<(&Value, &Value)> = ledgers["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["period"], &row["closing_minor"]))
        .collect();
    assert_eq!(
        months,
        [
            (&json!("2026-11"), &json!("-30000")),
            (&json!("2026-10"), &json!("-10000"))
        ]
    );
    platform
        .get("accounting", "/v1/trial-balance?period=2026-13")
        .await
        .expect(422);
    platform
        .get("accounting", "/v1/ledgers?account=nothing")
        .await
        .expect(422);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_closes_a_month_and_an_auditor_does_not() {
    let platform = platform().await;
    let close = "/v1/periods/2026-11/close";
    let refused = platform
        .send(
            "accounting",
            Some(&auditor()),
            http::Method::POST,
            close,
            &[],
            None,
        )
        .await;
    refused.expect(403);
    for _ in 0..2 {
        let closed = platform.post("accounting", close, &json!({})).await.expect(200);
        assert_eq!(closed["state"], "closed");
        assert_eq!(closed["closed_by"], "usr_operator");
    }
    platform
        .post("accounting", "/v1/periods/2026-12/close", &json!({}))
        .await
        .expect(409);
    platform
        .post("accounting", "/v1/periods/2026-1/close", &json!({}))
        .await
        .expect(404);
    let list = platform.get("accounting", "/v1/periods").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let chart = platform.get("accounting", "/v1/accounts").await.expect(200);
    assert_eq!(chart["data"][0]["code"], "cash");
    assert_eq!(chart["data"][0]["normal_side"], "debit");
    platform.stop().await;
}
