use contracts::events::RefundOutcome::{Refunded, Reversed};
use http::Method;
use ids::PartnerId;
use serde_json::json;
use testkit::Platform;
use testkit::events::payment_completed;

use super::world::{World, at};

#[tokio::test]
async fn a_hold_is_taken_renewed_named_and_released() {
    let platform = Platform::of(&[crate::service()])
        .clock_at(at("2026-03-10T00:00:00Z"))
        .start()
        .await;
    let asked = json!({"reason": "importing 2017", "lease_seconds": 60});
    let hold = platform
        .post("settlement", "/v1/settlement-holds", &asked)
        .await
        .expect(201);
    let id = hold["id"].as_str().unwrap();
    assert!(id.starts_with("hld_"), "{hold}");
    let path = format!("/v1/settlement-holds/{id}");

    platform.set_clock(at("2026-03-10T00:00:30Z"));
    let renewed = platform
        .post("settlement", &format!("{path}/renew"), &json!({}))
        .await
        .expect(200);
    assert_eq!(renewed["expires_at"], "2026-03-10T00:01:30Z");
    let refused = platform
        .post("settlement", "/v1/settlements", &json!({}))
        .await
        .expect(409);
    assert_eq!(refused["code"], "conflict");
    assert!(refused["detail"].as_str().unwrap().contains(id), "{refused}");

    let operator = testkit::operator();
    let release = || platform.send("settlement", Some(&operator), Method::DELETE, &path, &[], None);
    release().await.expect(204);
    release().await.expect(204);
    platform
        .post("settlement", &format!("{path}/renew"), &json!({}))
        .await
        .expect(409);
    platform
        .post("settlement", "/v1/settlements", &json!({}))
        .await
        .expect(202);
    let listed = platform
        .get("settlement", "/v1/settlement-holds")
        .await
        .expect(200);
    assert_eq!(listed["data"], json!([]));
    platform.stop().await;
}

#[tokio::test]
async fn a_request_by_hand_is_answered_alike_when_it_is_repeated() {
    let platform = Platform::of(&[crate::service()]).start().await;
    let operator = testkit::operator();
    let send = |body: serde_json::Value| {
        let (platform, operator) = (&platform, &operator);
        async move {
            let key = [("idempotency-key", "one")];
            platform
                .send(
                    "settlement",
                    Some(operator),
                    Method::POST,
                    "/v1/settlements",
                    &key,
                    Some(&body),
                )
                .await
        }
    };
    assert_eq!(send(json!({})).await.expect(202), json!({"requested": 0}));
    let again = send(json!({})).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(202), json!({"requested": 0}));
    let other = send(json!({"up_to": "2026-01-01"})).await.expect(422);
    assert_eq!(other["code"], "idempotency_key_reused");
    platform.stop().await;
}

#[tokio::test]
async fn bad_requests_name_the_field() {
    let platform = Platform::of(&[crate::service()]).start().await;
    for (path, body, pointers) in [
        (
            "/v1/settlement-holds",
            json!({"reason": " ", "lease_seconds": 601}),
            vec!["/reason", "/lease_seconds"],
        ),
        ("/v1/settlements", json!({"until": "2026-01-01"}), vec!["/until"]),
    ] {
        let problem = platform.post("settlement", path, &body).await.expect(422);
        let found: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["pointer"].clone())
            .collect();
        assert_eq!(found, pointers, "{problem}");
    }
    let nothing = format!("/v1/settlements/{}", ids::SettlementId::generate());
    platform.get("settlement", &nothing).await.expect(404);
    platform
        .get("settlement", &format!("{nothing}/details"))
        .await
        .expect(404);
    let auditor = testkit::auditor();
    let path = "/v1/settlement-holds";
    let body = json!({"reason": "x", "lease_seconds": 1});
    platform
        .send("settlement", Some(&auditor), Method::POST, path, &[], Some(&body))
        .await
        .expect(403);
    platform.stop().await;
}

#[tokio::test]
async fn statements_lines_schedules_and_waiting_lines_are_shown() {
    let platform = Platform::of(&[crate::service()])
        .clock_at(at("2026-03-10T00:00:00Z"))
        .start()
        .await;
    // Written into the platform's database as its consumers would.
    let world = World::in_platform(&platform, "2026-03-10T00:00:00Z");
    let (one, two) = (PartnerId::generate(), PartnerId::generate());
    world.feed(&[testkit::events::partner_changed(one)]).await;
    world.contract(one, "2026-01-01", &json!({})).await;
    let first = world.sell(one, 10_000, "2026-03-05T01:00:00Z").await;
    world.sell(one, 20_000, "2026-03-05T02:00:00Z").await;
    world.sell(two, 30_000, "2026-03-05T02:00:00Z").await;
    let early = payment_completed(two, 7_000, at("2026-03-05T02:00:00Z"));
    let refund = world
        .refund(&early, Reversed, &[(1, 3_000, 3_000)], "2026-03-05T03:00:00Z")
        .await;
    world
        .refund(&first, Refunded, &[(1, 4_000, 0)], "2026-03-09T20:00:00Z")
        .await;
    world
        .request(crate::store::windows::Ended::default())
        .await
        .unwrap();
    world.drain(contracts::topics::SETTLEMENT_REQUESTED).await;

    let get = async |path: String| platform.get("settlement", &path).await.expect(200);
    let page = get(format!(
        "/v1/settlements?partner_id={one}&currency=KRW&ends_on_from=2026-03-05&ends_on_to=2026-03-05"
    ))
    .await;
    let shown = &page["data"][0];
    assert_eq!(
        (shown["payable_minor"].as_i64(), shown["line_count"].as_i64()),
        (Some(26_700), Some(2))
    );
    assert_eq!(
        (&shown["due_on"], &shown["partner_name"]),
        (&json!("2026-03-10"), &json!("A shop"))
    );
    assert_eq!(
        get("/v1/settlements?ends_on_to=2026-03-04".into()).await["data"],
        json!([])
    );
    let id = shown["id"].as_str().unwrap();
    assert_eq!(&get(format!("/v1/settlements/{id}")).await, shown);

    let details = get(format!("/v1/settlements/{id}/details?limit=1")).await;
    let cursor = details["next_cursor"].as_str().unwrap();
    let rest = get(format!("/v1/settlements/{id}/details?limit=1&cursor={cursor}")).await;
    assert_eq!(details["data"][0]["net_minor"], 17_800);
    assert_eq!(
        (&rest["data"][0]["net_minor"], &rest["next_cursor"]),
        (&json!(8_900), &json!(null))
    );

    let lines = get(format!("/v1/settlement-lines?payment_id={}", first.payment_id)).await;
    assert_eq!(lines["data"][0]["settlement_id"], id);
    assert_eq!(lines["data"][0]["reverses"], json!(null));
    let back = &lines["data"][1];
    assert_eq!(back["reverses"], lines["data"][0]["id"]);
    assert_eq!(
        (&back["quantity"], &back["unit_price_minor"], &back["net_minor"]),
        (&json!(-1), &json!(4_000), &json!(-3_560))
    );
    assert!(back["refund_id"].as_str().unwrap().starts_with("txn_"), "{back}");
    assert_eq!(
        (&back["outcome"], &back["refunded_on"], &back["settlement_id"]),
        (&json!("refunded"), &json!("2026-03-10"), &json!(null))
    );
    let schedules = get(format!("/v1/settlement-schedules?partner_id={one}")).await;
    assert_eq!(schedules["data"][0]["next_closing_on"], "2026-03-10");
    // Lines and what refunds take back of lines, in one list.
    let waiting = get("/v1/waiting-lines?limit=1".into()).await;
    let back = &waiting["data"][0];
    assert_eq!(back["partner_id"], two.to_string());
    assert_eq!(back["refund_id"], refund.transaction_id.to_string());
    assert_eq!(
        (&back["outcome"], &back["quantity"], &back["unit_price_minor"]),
        (&json!("reversed"), &json!(-1), &json!(-3_000))
    );
    assert!(back["waits_for"].as_str().unwrap().contains("its line"), "{back}");
    let cursor = waiting["next_cursor"].as_str().unwrap();
    let rest = get(format!("/v1/waiting-lines?limit=1&cursor={cursor}")).await;
    let line = &rest["data"][0];
    assert_eq!((&line["quantity"], line.get("refund_id")), (&json!(1), None));
    assert!(line["waits_for"].as_str().unwrap().contains("KRW"), "{line}");
    assert_eq!(rest["next_cursor"], json!(null));
    let counts = crate::ops::read::counts(&world.outbox(), world.now())
        .await
        .unwrap();
    assert_eq!((counts.waiting_lines, counts.waiting_reversals), (1, 1));
    platform.stop().await;
}

#[tokio::test]
async fn disputed_lines_are_shown_whether_they_have_a_price_or_wait() {
    let platform = Platform::of(&[crate::service()])
        .clock_at(at("2026-03-10T00:00:00Z"))
        .start()
        .await;
    let world = World::in_platform(&platform, "2026-03-10T00:00:00Z");
    let (one, two) = (PartnerId::generate(), PartnerId::generate());
    world.contract(one, "2026-01-01", &json!({})).await;
    let sold = world.sell(one, 10_000, "2026-03-05T01:00:00Z").await;
    let opened = world.dispute(&sold, &[(1, 4_000)], "2026-03-09T20:00:00Z").await;
    let early = payment_completed(two, 7_000, at("2026-03-05T02:00:00Z"));
    let waits = world.dispute(&early, &[(1, 7_000)], "2026-03-09T20:00:00Z").await;

    let get = async |path: String| platform.get("settlement", &path).await.expect(200);
    let lines = get(format!("/v1/settlement-lines?payment_id={}", sold.payment_id)).await;
    assert_eq!(lines["data"][0]["dispute_id"], json!(null));
    let taken = &lines["data"][1];
    assert_eq!(taken["reverses"], lines["data"][0]["id"]);
    assert_eq!(taken["dispute_id"], opened.dispute_id.to_string());
    assert_eq!(
        (&taken["funds"], &taken["disputed_on"], &taken["refund_id"]),
        (&json!("withdrawn"), &json!("2026-03-10"), &json!(null))
    );
    assert_eq!(
        (&taken["fee_minor"], &taken["net_minor"]),
        (&json!(0), &json!(-4_000))
    );
    let waiting = get("/v1/waiting-lines".into()).await;
    let line = &waiting["data"][0];
    assert_eq!(line["dispute_id"], waits.dispute_id.to_string());
    assert_eq!(
        (&line["funds"], &line["quantity"], &line["unit_price_minor"]),
        (&json!("withdrawn"), &json!(-1), &json!(7_000))
    );
    assert!(line["waits_for"].as_str().unwrap().contains("its line"), "{line}");
    platform.stop().await;
}

#[tokio::test]
async fn the_documentation_names_every_parameter() {
    let platform = Platform::of(&[crate::service()]).start().await;
    let api = platform.get("settlement", "/openapi.json").await.expect(200);
    for (path, expected) in [
        (
            "/v1/settlements",
            vec![
                "currency",
                "cursor",
                "ends_on_from",
                "ends_on_to",
                "limit",
                "partner_id",
            ],
        ),
        (
            "/v1/settlements/{settlement_id}/details",
            vec!["cursor", "limit", "settlement_id"],
        ),
        ("/v1/settlement-lines", vec!["payment_id"]),
        ("/v1/settlement-schedules", vec!["cursor", "limit", "partner_id"]),
        ("/v1/waiting-lines", vec!["cursor", "limit", "partner_id"]),
    ] {
        let parameters = api["paths"][path]["get"]["parameters"].as_array().unwrap();
        let mut names: Vec<_> = parameters.iter().map(|p| p["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{path}");
    }
    platform.stop().await;
}
