//! The routes, as a caller sees them.

use contracts::Caller;
use http::Method;
use serde_json::{Value, json};
use testkit::{Platform, auditor, operator};

async fn platform() -> Platform {
    Platform::of(&[crate::service()])
        .clock_at(super::now())
        .start()
        .await
}

fn shop(reference: &str) -> Value {
    json!({"reference": reference, "name": "한강 서점", "kind": "company"})
}

fn terms() -> Value {
    json!({"currency": "KRW", "rate_ppm": 120_000, "cycle": {"kind": "daily"}, "payout": {"days": 3}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_under_one_key_is_answered_alike_and_says_so() {
    let platform = platform().await;
    let send = async |key: &str, body: &Value| {
        let headers = [("idempotency-key", key)];
        platform
            .send(
                "partner",
                Some(&operator()),
                Method::POST,
                "/v1/partners",
                &headers,
                Some(body),
            )
            .await
    };
    let first = send("k", &shop("a")).await;
    let again = send("k", &shop("a")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, again.bytes);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(
        send("k", &shop("b")).await.expect(422)["code"],
        "idempotency_key_reused"
    );
    assert_eq!(send("l", &shop("a")).await.expect(409)["code"], "already_exists");
    let (caller, body) = (operator(), shop("c"));
    let keyless = platform
        .send(
            "partner",
            Some(&caller),
            Method::POST,
            "/v1/partners",
            &[],
            Some(&body),
        )
        .await;
    assert_eq!(keyless.expect(400)["code"], "idempotency_key_missing");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_changes_nothing() {
    let platform = platform().await;
    let id = platform
        .post("partner", "/v1/partners", &shop("a"))
        .await
        .expect(201)["id"]
        .clone();
    let path = format!("/v1/partners/{}", id.as_str().unwrap());
    let change = json!({"status": "closed"});
    let reader = auditor();
    platform
        .send("partner", Some(&reader), Method::GET, &path, &[], None)
        .await
        .expect(200);
    platform
        .send("partner", Some(&reader), Method::PATCH, &path, &[], Some(&change))
        .await
        .expect(403);
    platform
        .send("partner", None, Method::GET, &path, &[], None)
        .await
        .expect(401);
    let closed = platform
        .send(
            "partner",
            Some(&operator()),
            Method::PATCH,
            &path,
            &[],
            Some(&change),
        )
        .await;
    assert_eq!(closed.expect(200)["status"], "closed");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_with_the_filter_that_it_began_with() {
    let platform = platform().await;
    let partners: Vec<Value> = (0..5).map(|n| shop(&format!("s{n}"))).collect();
    let batch = json!({ "partners": partners });
    platform
        .post("partner", "/v1/partners/batch", &batch)
        .await
        .expect(200);
    let one = platform
        .get("partner", "/v1/partners?reference=s3")
        .await
        .expect(200);
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
    let path = format!("/v1/partners/{}", one["data"][0]["id"].as_str().unwrap());
    let change = json!({"status": "closed"});
    platform
        .send(
            "partner",
            Some(&operator()),
            Method::PATCH,
            &path,
            &[],
            Some(&change),
        )
        .await
        .expect(200);

    let mut seen = Vec::new();
    let mut path = "/v1/partners?status=active&limit=3".to_owned();
    loop {
        let page = platform.get("partner", &path).await.expect(200);
        let data = page["data"].as_array().unwrap().clone();
        seen.extend(data.iter().map(|p| p["reference"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/partners?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["s0", "s1", "s2", "s4"]);
    for bad in [
        "?limit=0",
        "?limit=101",
        "?cursor=x",
        "?status=open",
        "?x=1",
        "?reference=%00",
    ] {
        let answer = platform.get("partner", &format!("/v1/partners{bad}")).await;
        assert!(answer.status.is_client_error(), "{bad} {}", answer.status);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_goes_from_its_making_to_the_lookup() {
    let platform = platform().await;
    let partner = platform
        .post("partner", "/v1/partners", &shop("a"))
        .await
        .expect(201)["id"]
        .clone();
    let body = json!({"partner_id": partner, "valid_from": "2016-01-01", "terms": terms()});
    let contract = platform.post("partner", "/v1/contracts", &body).await.expect(201);
    assert_eq!(contract["versions"][0]["terms"]["holidays"], "KR");
    assert_eq!(
        platform.post("partner", "/v1/contracts", &body).await.expect(409)["code"],
        "already_exists"
    );

    let path = format!("/v1/contracts/{}", contract["id"].as_str().unwrap());
    let versions = format!("{path}/versions");
    let today = json!({"valid_from": "2026-12-01", "terms": terms()});
    let refused = platform.post("partner", &versions, &today).await.expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    let with_reason = json!({"valid_from": "2026-12-01", "terms": terms(), "reason": "agreed late"});
    let second = platform
        .post("partner", &versions, &with_reason)
        .await
        .expect(201);
    assert_eq!(second["versions"].as_array().unwrap().len(), 2);
    assert_eq!(platform.get("partner", &path).await.expect(200), second);
    let listed = format!("/v1/contracts?partner_id={}", partner.as_str().unwrap());
    assert_eq!(
        platform.get("partner", &listed).await.expect(200)["data"][0],
        second
    );
    let rates = platform
        .get("partner", &format!("{path}/commissions"))
        .await
        .expect(200);
    assert_eq!(rates["data"][1]["rate_ppm"], 120_000);

    let lookup = json!({"partner_ids": [partner, ids::PartnerId::generate()]});
    let ask = async |caller: &Caller| {
        let path = "/internal/v1/partners/lookup";
        platform
            .send("partner", Some(caller), Method::POST, path, &[], Some(&lookup))
            .await
    };
    ask(&operator()).await.expect(403);
    let known = ask(&Caller::service("payment")).await.expect(200);
    assert_eq!(known["partners"].as_array().unwrap().len(), 1);
    assert_eq!(known["contracts"][1]["version"], 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_item_costs_the_others_of_its_batch_nothing() {
    let platform = platform().await;
    let good = json!({"reference": "a", "name": "n", "kind": "individual",
                      "contract": {"valid_from": "2016-01-01", "terms": terms()}});
    let mut bad = good.clone();
    bad["reference"] = json!("b");
    bad["contract"]["terms"]["holidays"] = json!("XX");
    let body = json!({"partners": [bad, good, {"reference": 1}]});
    let answer = platform
        .post("partner", "/v1/partners/batch", &body)
        .await
        .expect(200);
    let statuses: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].clone())
        .collect();
    assert_eq!(statuses, [422, 201, 422]);
    assert_eq!(
        answer["results"][0]["problem"]["errors"][0]["pointer"],
        "/partners/0/contract/terms/holidays"
    );
    assert_eq!(
        answer["results"][2]["problem"]["errors"][0]["pointer"],
        "/partners/2/reference"
    );
    for count in [0, 1001] {
        let many: Vec<Value> = (0..count).map(|n| shop(&format!("m{n}"))).collect();
        let answer = platform
            .post("partner", "/v1/partners/batch", &json!({ "partners": many }))
            .await;
        assert_eq!(answer.expect(422)["errors"][0]["pointer"], "/partners");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_names_routes_parameters_and_fields() {
    let platform = platform().await;
    let api = platform.get("partner", "/openapi.json").await.expect(200);
    let parameters = api["paths"]["/v1/partners"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let mut names: Vec<&str> = parameters.iter().map(|p| p["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cursor", "limit", "reference", "status"]);
    let terms = &api["components"]["schemas"]["ContractTerms"]["properties"];
    assert!(terms["rate_ppm"].is_object(), "{terms}");
    assert_eq!(api["paths"].as_object().unwrap().len(), 8);
    platform.stop().await;
}
