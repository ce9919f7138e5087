//! A service that runs: its routes answer the callers that tests sign for.

use axum::Json;
use chassis::{Context, Parts, Service};
use serde_json::json;
use testkit::{Platform, administrator, auditor};
use utoipa_axum::router::OpenApiRouter;
use web::Operator;

async fn whoami(Operator(caller): Operator) -> Json<serde_json::Value> {
    Json(json!({ "id": caller.id }))
}

fn greeter() -> Service {
    Service {
        name: "greeter",
        port: 8081,
        database: Some(chassis::Database {
            spec: postgres::DatabaseSpec {
                name: "greeterdb",
                role: "greeter",
            },
            migrators: &[],
        }),
        settings: &[],
        start: |_: Context| {
            Box::pin(async {
                Ok(Parts {
                    routes: OpenApiRouter::new().route("/v1/whoami", axum::routing::get(whoami)),
                })
            })
        },
    }
}

#[tokio::test]
async fn a_request_comes_in_the_name_of_its_caller() {
    let platform = Platform::of(&[greeter()]).start().await;
    let answer = platform.get("greeter", "/v1/whoami").await.expect(200);
    assert_eq!(answer, json!({ "id": "usr_operator" }));
    for (caller, status) in [(Some(administrator()), 200), (Some(auditor()), 403), (None, 401)] {
        platform
            .send(
                "greeter",
                caller.as_ref(),
                http::Method::GET,
                "/v1/whoami",
                &[],
                None,
            )
            .await
            .expect(status);
    }
    assert_eq!(
        platform.get("greeter", "/readyz").await.expect(200)["ready"],
        json!(true)
    );
    platform.stop().await;
}
