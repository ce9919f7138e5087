//! What somebody sends is not logged on the way.

use http::Method;
use testkit::Logs;

use crate::town::{SHAPES, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_in_an_address_or_a_header_is_not_logged() {
    let logs = Logs::capture();
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let bearer = format!("Bearer {}", town.key);
        for path in [
            "/v1/payments/4111111111111111",
            "/v1/payments?order_reference=4111111111111111",
            "/v1/nothing/4111111111111111?x=4111111111111111",
            "/v1/settlements/4111111111111111",
            "/4111111111111111",
        ] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("idempotency-key", "4111111111111111"),
                ("x-request-id", "4111111111111111"),
            ];
            let answer = town.send(Method::GET, path, &headers, "").await;
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            assert!(id.starts_with("req_"), "{path}: {id}");
        }
        town.stop().await;
    }
    let logged = logs.text();
    assert!(logged.contains("request_id"), "requests are logged");
    assert!(!logged.contains("4111111111111111"));
}
