//! The rules themselves: read by whoever may read, replaced by operators, never one over the other.

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, auditor};

use super::{offered, put, started, way, write_rules};
use crate::support::*;

fn to(connector: &str) -> Value {
    json!([{"connectors": [{"connector": connector, "weight": 1}]}])
}

async fn as_auditor(platform: &Platform, method: Method, body: Option<&Value>) -> Answer {
    platform
        .send("payment", Some(&auditor()), method, "/v1/routing", &[], body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_replaced_as_a_whole_and_only_by_who_knows_the_last() {
    let (platform, _double) = started().await;
    let none = platform.get("payment", "/v1/routing").await.expect(200);
    assert_eq!(
        none,
        json!({"version": 0, "rules": [], "created_by": null, "created_at": null})
    );
    let first = put(&platform, &json!({"expected_version": 0, "rules": to("stripe")}))
        .await
        .expect(200);
    assert_eq!((&first["version"], &first["rules"]), (&json!(1), &to("stripe")));
    assert_eq!(first["created_by"], testkit::operator().id.as_str());
    // Whoever did not know of it.
    for expected in [0, 2] {
        let body = json!({"expected_version": expected, "rules": to("simulator")});
        let problem = put(&platform, &body).await.expect(409);
        assert_eq!(problem["code"], "conflict");
        assert!(
            problem["detail"].as_str().unwrap().contains("version 1 now"),
            "{problem}"
        );
    }
    assert_eq!(platform.get("payment", "/v1/routing").await.expect(200), first);
    let second = put(&platform, &json!({"expected_version": 1, "rules": []}))
        .await
        .expect(200);
    assert_eq!((&second["version"], &second["rules"]), (&json!(2), &json!([])));
    // Those that were are kept.
    let kept: Vec<i32> = sqlx::query_scalar("select version from routing_tables order by version")
        .fetch_all(platform.database("payment").db().pool())
        .await
        .unwrap();
    assert_eq!(kept, [1, 2]);
    let changed = sqlx::query("update routing_tables set created_by = 'somebody'")
        .execute(platform.database("payment").db().pool())
        .await;
    assert!(changed.unwrap_err().to_string().contains("never changed"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_replace_the_same_rules_one_comes_first() {
    let (platform, _double) = started().await;
    let body = json!({"expected_version": 0, "rules": to("stripe")});
    let all = futures::future::join_all((0..8).map(|_| put(&platform, &body))).await;
    let mut statuses: Vec<u16> = all.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_reads_and_what_is_wrong_is_named() {
    let (platform, _double) = started().await;
    as_auditor(&platform, Method::GET, None).await.expect(200);
    let body = json!({"expected_version": 0, "rules": to("stripe")});
    as_auditor(&platform, Method::PUT, Some(&body)).await.expect(403);
    let anybody = platform
        .send("payment", None, Method::GET, "/v1/routing", &[], None)
        .await;
    anybody.expect(401);
    let wrong = json!({"expected_version": 0, "rules": [
        {"amount_from_minor": 1, "connectors": [{"connector": "stripe", "weight": 0}]}]});
    let problem = put(&platform, &wrong).await.expect(422);
    let errors = problem["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        ["/rules/0/amount_from_minor", "/rules/0/connectors/0/weight"]
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_that_matches_decides_who_is_asked() {
    let (platform, _double) = started().await;
    let (shop, other) = (shop(), shop());
    let only = |connector: &str| json!([{"connector": connector, "weight": 7}]);
    write_rules(
        &platform,
        &json!([
            {"partner_id": other, "connectors": only("stripe")},
            {"currency": "KRW", "amount_to_minor": 9_999, "connectors": only("stripe")},
            {"tender_kind": "card", "currency": "USD", "connectors": only("stripe")},
            {"tender_kind": "card", "connectors": only("simulator")},
        ]),
    )
    .await;
    let tokens = [("stripe", "pm_ok"), ("simulator", "tok_ok")];
    let mut small = offered("small", shop, &tokens);
    for field in ["/lines/0/unit_price_minor", "/tenders/0/amount_minor"] {
        *small.pointer_mut(field).unwrap() = json!(9_999);
    }
    let mut mixed = offered("mixed", shop, &tokens);
    mixed["lines"] = json!([{"partner_id": shop, "unit_price_minor": 9_000},
                            {"partner_id": other, "unit_price_minor": 1_000}]);
    for (body, connector, rule) in [
        (offered("usual", shop, &tokens), "simulator", 4),
        (small, "stripe", 2),
        (mixed, "stripe", 1),
    ] {
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        assert_eq!(payment["connector"], connector, "{body}");
        assert_eq!(way(&platform, &id(&payment)).await.0, [connector]);
        let path = format!("/v1/payments/{}/timeline", id(&payment));
        let timeline = platform.get("payment", &path).await.expect(200);
        assert_eq!(timeline["items"][0]["data"]["rule_number"], rule, "{body}");
    }
    platform.stop().await;
}
