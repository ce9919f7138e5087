use chassis::{Keyring, Signer};
use contracts::{Caller, Role};
use http::Method;
use serde_json::{Value, json};

use crate::town::{SHAPES, Shape, Town};

#[tokio::test]
async fn a_key_says_who_calls_in_one_process_and_in_two() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let seen = town.get(&town.key, "/v1/payments").await.json;
        let id = seen["caller"]["id"].as_str().unwrap();
        assert!(id.starts_with("key_"), "{shape:?} {id}");
        assert_eq!(seen["caller"]["roles"], json!(["administrator"]), "{shape:?}");
        town.stop().await;
    }
}

#[tokio::test]
async fn what_a_client_says_of_itself_does_not_count() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let bearer = format!("Bearer {}", town.key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=10.0.0.1"),
            ("x-session-token", "st_forged"),
            ("x-caller", "usr_root"),
            ("cookie", "jeongsan_session=st_forged"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("x-request-id", "my-request-1"),
            ("idempotency-key", "k1"),
        ];
        let answer = town.send(Method::GET, "/v1/payments", &headers, "").await;
        let seen = &answer.json["headers"];
        for (name, value) in [
            ("x-forwarded-for", json!("127.0.0.1")),
            ("x-forwarded-proto", json!("http")),
            ("forwarded", Value::Null),
            ("x-session-token", Value::Null),
            ("cookie", Value::Null),
            ("x-hop", Value::Null),
            ("x-request-id", json!("my-request-1")),
            ("idempotency-key", json!("k1")),
        ] {
            assert_eq!(seen[name], value, "{shape:?} {name}");
        }
        let onward = seen["authorization"].as_str().unwrap_or_default();
        assert!(!onward.contains("sk_"), "{shape:?}: the key went on");
        assert!(answer.json["caller"]["id"].as_str().unwrap().starts_with("key_"));
        assert_eq!(answer.headers.get("x-request-id").unwrap(), "my-request-1");
        town.stop().await;
    }
}

#[tokio::test]
async fn a_caller_cannot_be_forged() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let keyring = Keyring::open(town.data_dir.path().join("keys")).unwrap();
        let root = Caller {
            id: "usr_root".into(),
            roles: vec![Role::Administrator],
        };
        // Even tokens with true signatures are for services among themselves; the door takes none.
        let by_service = Signer::new("payment", &keyring)
            .unwrap()
            .sign(&Caller::service("payment"), "gateway")
            .unwrap();
        let by_gateway = Signer::new("gateway", &keyring)
            .unwrap()
            .sign(&root, "gateway")
            .unwrap();
        let onward = Signer::new("gateway", &keyring)
            .unwrap()
            .sign(&root, "payment")
            .unwrap();
        for token in [
            by_service.as_str(),
            &by_gateway,
            &onward,
            "sk_",
            "st_",
            &format!("sk_{}", "0".repeat(64)),
            &format!("st_{}", "0".repeat(64)),
            "eyJhbGciOiJub25lIn0.e30.",
        ] {
            for path in ["/v1/payments", "/v1/users", "/v1/users/me"] {
                let answer = town.get(token, path).await;
                assert_eq!(answer.status, 401, "{shape:?} {token} {path}");
                assert_eq!(answer.json["code"], "unauthenticated");
                assert_eq!(answer.headers.get("www-authenticate").unwrap(), "Bearer");
                assert!(!answer.json["request_id"].as_str().unwrap().is_empty());
            }
        }
        town.stop().await;
    }
}

#[tokio::test]
async fn nothing_internal_is_reachable() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        for path in [
            "/internal/v1/open",
            "/internal/v1/authenticate",
            "/internal/v1/events/user-changed?after=0&limit=1",
            "//internal/v1/open",
            "/v1/payments/../../internal/v1/open",
            "/v1/payments/%2e%2e/%2e%2e/internal/v1/open",
            "/v1/payments/..%2f..%2finternal/v1/open",
        ] {
            for method in [Method::GET, Method::POST] {
                let bearer = format!("Bearer {}", town.key);
                let answer = town
                    .send(method, path, &[("authorization", bearer.as_str())], "")
                    .await;
                assert_eq!(answer.status, 404, "{shape:?} {path}");
                assert_eq!(answer.json["code"], "not_found", "{shape:?} {path}");
            }
        }
        town.stop().await;
    }
}

#[tokio::test]
async fn a_session_begins_with_a_login_and_ends_with_a_logout_at_once() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let begun = town.log_in(false).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        assert!(!begun.headers.contains_key("set-cookie"));
        let token = begun.json["token"].as_str().unwrap();
        let me = town.get(token, "/v1/users/me").await;
        assert_eq!((me.status, &me.json["login"]), (200, &json!("admin")));
        // The session is one a service was told of, so a key has none.
        let key = town
            .change(Method::DELETE, "/v1/sessions/current", &json!({}))
            .await;
        assert_eq!(key.status, 404);
        let bearer = format!("Bearer {token}");
        let gone = town
            .send(
                Method::DELETE,
                "/v1/sessions/current",
                &[("authorization", &bearer)],
                "",
            )
            .await;
        assert_eq!(gone.status, 204, "{shape:?} {}", gone.text);
        assert_eq!(town.get(token, "/v1/users/me").await.status, 401, "{shape:?}");
        town.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_wrong_ones_in_a_row_lock_the_login() {
    let town = Town::build(Shape::Together, &[]).await;
    let attempt = || async {
        let body = json!({ "login": "admin", "password": "wrong password" }).to_string();
        let headers = [("content-type", "application/json")];
        town.send(Method::POST, "/v1/sessions", &headers, body).await
    };
    for _ in 0..10 {
        let refused = attempt().await;
        assert_eq!(
            (refused.status, &refused.json["code"]),
            (401, &json!("unauthenticated"))
        );
        assert!(!refused.text.contains("wrong password"));
    }
    let locked = attempt().await;
    assert_eq!(locked.status, 429, "{}", locked.text);
    assert!(locked.headers.contains_key("retry-after"));
    town.stop().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_from_the_next_request_on() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let wanted = json!({ "name": "shop", "roles": ["auditor"] });
        let made = town.change(Method::POST, "/v1/api-keys", &wanted).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let key = made.json["key"].as_str().unwrap();
        assert_eq!(town.get(key, "/v1/payments").await.status, 200);
        assert_eq!(
            town.get(key, "/v1/api-keys").await.status,
            403,
            "an auditor sees no keys"
        );
        let path = format!("/v1/api-keys/{}", made.json["id"].as_str().unwrap());
        assert_eq!(town.change(Method::DELETE, &path, &json!({})).await.status, 204);
        assert_eq!(town.get(key, "/v1/payments").await.status, 401, "{shape:?}");
        let listed = town.get(&town.key, "/v1/api-keys").await;
        assert!(!listed.text.contains(key), "a list shows no key");
        town.stop().await;
    }
}

#[tokio::test]
async fn users_are_made_changed_and_listed_by_administrators_alone() {
    let town = Town::build(Shape::Together, &[]).await;
    let wanted = json!({ "login": "Kim", "password": "a long password", "roles": ["operator"] });
    let made = town.change(Method::POST, "/v1/users", &wanted).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["login"], "kim");
    let location = made.headers.get("location").unwrap().to_str().unwrap();
    let again = town.change(Method::POST, "/v1/users", &wanted).await;
    assert_eq!(
        (again.status, &again.json["code"]),
        (409, &json!("already_exists"))
    );
    let changed = town
        .change(
            Method::PATCH,
            location,
            &json!({ "roles": ["auditor"], "name": "김민수" }),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.json["version"], 2);
    let service = town
        .change(Method::PATCH, location, &json!({ "roles": ["service"] }))
        .await;
    assert_eq!(
        (service.status, &service.json["errors"][0]["pointer"]),
        (422, &json!("/roles"))
    );
    let page = town.get(&town.key, "/v1/users?limit=1").await;
    assert_eq!(page.json["data"][0]["login"], "kim");
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let next = town
        .get(&town.key, &format!("/v1/users?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(next.json["data"][0]["login"], "admin");
    assert_eq!(next.json["next_cursor"], Value::Null);
    let roles = town.get(&town.key, "/v1/roles").await;
    assert_eq!(roles.json["data"].as_array().unwrap().len(), 3);
    town.stop().await;
}

#[tokio::test]
async fn a_cookie_is_a_session_for_pages_of_our_own() {
    let town = Town::build(Shape::Together, &[]).await;
    let begun = town.log_in(true).await;
    let set = begun
        .headers
        .get("set-cookie")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let cookie = set.split(';').next().unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    let me = town
        .send(Method::GET, "/v1/users/me", &[("cookie", cookie)], "")
        .await;
    assert_eq!(me.status, 200);
    for (site, status) in [("cross-site", 403), ("same-origin", 204)] {
        let headers = [("cookie", cookie), ("sec-fetch-site", site)];
        let ended = town
            .send(Method::DELETE, "/v1/sessions/current", &headers, "")
            .await;
        assert_eq!(ended.status, status, "{site}");
    }
    town.stop().await;
}
