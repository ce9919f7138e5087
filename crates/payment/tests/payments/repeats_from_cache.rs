//! What the cache is for: a repeat is answered while the database is away.

use crate::support::*;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use testkit::Platform;

/// A connection beside the payment service's database, and that one's name.
async fn beside(platform: &Platform) -> (PgConnection, String) {
    let options: PgConnectOptions = platform.database("payment").url().parse().unwrap();
    let name = options.get_database().unwrap().to_owned();
    (options.database("postgres").connect().await.unwrap(), name)
}

/// Lets nobody into the database, and throws out who is in.
async fn close(platform: &Platform) {
    let (mut admin, name) = beside(platform).await;
    allow(&mut admin, &name, false).await;
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
        .bind(name)
        .execute(&mut admin)
        .await
        .unwrap();
}

async fn open(platform: &Platform) {
    let (mut admin, name) = beside(platform).await;
    allow(&mut admin, &name, true).await;
}

async fn allow(admin: &mut PgConnection, name: &str, is_allowed: bool) {
    let command = format!("alter database {name} with allow_connections {is_allowed}");
    sqlx::query(sqlx::AssertSqlSafe(command))
        .execute(admin)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_what_is_done_asks_no_database() {
    let platform = platform().start().await;
    let shop = shop();
    let mut done: Vec<(String, &str, Value, testkit::Answer)> = Vec::new();
    for (key, body) in [
        ("external", external("external", shop)),
        ("card", card("card", shop, "tok_ok")),
        ("held", held("held", shop, "tok_ok")),
    ] {
        let path = "/v1/payments".to_owned();
        let answer = post_with_key(&platform, &path, key, &body).await;
        assert!(is_created(&answer), "{key}");
        done.push((path, key, body, answer));
    }
    let held = id(&done.last().unwrap().3.body);
    let capture = format!("/v1/payments/{held}/capture");
    let answer = post_with_key(&platform, &capture, "capture", &json!({})).await;
    done.push((capture, "capture", json!({}), answer));

    close(&platform).await;
    let new = post_with_key(&platform, "/v1/payments", "new", &external("new", shop)).await;
    assert!(
        new.status.is_server_error(),
        "the database is away: {}",
        new.status
    );
    for (path, key, body, first) in &done {
        let again = post_with_key(&platform, path, key, body).await;
        assert_eq!(again.status, first.status, "{key}");
        assert_eq!(again.bytes, first.bytes, "{key}");
        assert!(is_replay(&again), "{key}");
    }
    open(&platform).await;
    platform.stop().await;
}
