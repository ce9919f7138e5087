use http::Method;

use crate::town::{SHAPES, Town};

#[tokio::test]
async fn what_needs_no_credential_is_there_for_everyone() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        for (path, says) in [
            ("/", "<td>user</td><td class=\"up\">ready</td>"),
            ("/", "<td>reporting</td><td class=\"down\">not ready</td>"),
            ("/docs/", "swagger"),
            ("/docs/swagger-initializer.js", "/docs/api/user/openapi.json"),
            ("/docs/swagger-initializer.js", "\"/openapi.json\""),
            ("/docs/swagger-ui.css", ".swagger-ui"),
            ("/docs/api/user/openapi.json", "/v1/users"),
            ("/openapi.json", "/v1/users"),
            ("/asyncapi.json", "jeongsan.payment-completed.v1"),
            ("/healthz", "alive"),
        ] {
            let answer = town.send(Method::GET, path, &[], "").await;
            assert_eq!(answer.status, 200, "{shape:?} {path}");
            assert!(answer.text.contains(says), "{shape:?} {path}: {}", answer.text);
        }
        let other = town
            .send(Method::GET, "/docs/api/nobody/openapi.json", &[], "")
            .await;
        assert_eq!(other.status, 404);
        let gone = town
            .send(Method::GET, "/docs/api/reporting/openapi.json", &[], "")
            .await;
        assert_eq!(gone.status, 503);
        town.stop().await;
    }
}

#[tokio::test]
async fn the_merged_document_is_whole_and_shows_nothing_internal() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let document = town.send(Method::GET, "/openapi.json", &[], "").await;
        assert_eq!(document.json["openapi"], "3.1.0");
        let paths = document.json["paths"].as_object().unwrap();
        for path in [
            "/v1/users",
            "/v1/users/{id}",
            "/v1/sessions",
            "/v1/sessions/current",
            "/v1/api-keys/{id}",
        ] {
            assert!(paths.contains_key(path), "{path}");
        }
        assert!(paths.keys().all(|path| path.starts_with("/v1/")), "{paths:?}");
        let schemas = document.json["components"]["schemas"].as_object().unwrap();
        for reference in references(&document.text) {
            assert!(schemas.contains_key(&reference), "{reference} is missing");
        }
        assert!(schemas.contains_key("Problem"));
        town.stop().await;
    }
}

fn references(text: &str) -> Vec<String> {
    text.split("#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect()
}
