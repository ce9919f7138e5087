//! Lists of webhooks: filtered, page by page, without what they told.

use crate::support::*;
use contracts::Caller;
use http::Method;
use serde_json::{Value, json};
use testkit::{Platform, auditor, operator};

/// Webhooks 0 to 29, two at a time, of each connector and in each state in turn; and later one of the same name and time of
/// both. Those that wait are not taken up while this runs.
const STORED: &str = r#"
    insert into webhooks (connector, event_id, body, received_at, state, problem, attempts, due_at)
    select case n % 2 when 0 then 'simulator' else 'stripe' end, 'evt_' || lpad(n::text, 2, '0'),
           convert_to('{"told": "in confidence"}', 'UTF8'),
           timestamptz '2026-11-01 00:00:00Z' + n / 2 * interval '1 second',
           case n % 3 when 0 then 'waiting' when 1 then 'done' else 'ignored' end,
           case n % 3 when 0 then 'not yet' when 2 then 'nothing here' end, n,
           case n % 3 when 0 then timestamptz '2100-01-01 00:00:00Z' end
      from generate_series(0, 29) as n
     union all
    select one, 'evt_same', convert_to('{}', 'UTF8'), timestamptz '2026-11-02 00:00:00Z', 'done', null, 1, null
      from unnest(array['simulator', 'stripe']) as one"#;

async fn stored() -> Platform {
    let platform = platform().start().await;
    sqlx::query(STORED)
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
    platform
}

/// The same in the order of the list: connector, event, state.
fn newest_first() -> Vec<[String; 3]> {
    let same = ["stripe", "simulator"].map(|one| [one, "evt_same", "done"].map(str::to_owned));
    let rest = (0..30_usize).rev().map(|n| {
        let (connector, state) = (
            ["simulator", "stripe"][n % 2],
            ["waiting", "done", "ignored"][n % 3],
        );
        [connector.to_owned(), format!("evt_{n:02}"), state.to_owned()]
    });
    same.into_iter().chain(rest).collect()
}

/// Every page of a list, and that none but the last is short.
async fn all(platform: &Platform, limit: usize, query: &str) -> Vec<[String; 3]> {
    let mut found = Vec::new();
    let mut path = format!("/v1/webhooks?limit={limit}{query}");
    loop {
        let page = platform.get("payment", &path).await.expect(200);
        let data = page["data"].as_array().unwrap();
        found.extend(data.iter().map(|webhook| {
            ["connector", "event_id", "state"].map(|field| webhook[field].as_str().unwrap().to_owned())
        }));
        let Some(cursor) = page["next_cursor"].as_str() else {
            return found;
        };
        assert_eq!(data.len(), limit);
        path = format!("/v1/webhooks?limit={limit}&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_shows_each_webhook_once_and_the_newest_first() {
    let platform = stored().await;
    for connector in ["", "simulator", "stripe", "external"] {
        for state in ["", "waiting", "done", "ignored"] {
            let mut query = String::new();
            for (name, word) in [("connector", connector), ("state", state)] {
                if !word.is_empty() {
                    query = format!("{query}&{name}={word}");
                }
            }
            let mut expected = newest_first();
            expected.retain(|[of, _, is]| {
                (connector.is_empty() || of == connector) && (state.is_empty() || is == state)
            });
            for limit in [1, 7, 100] {
                assert_eq!(all(&platform, limit, &query).await, expected, "{limit} {query:?}");
            }
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_says_why_it_waits_or_was_ignored_and_never_what_it_told() {
    let platform = stored().await;
    for (query, expected) in [
        (
            "state=waiting&connector=simulator",
            json!({"connector": "simulator", "event_id": "evt_24", "state": "waiting", "reason": "not yet",
                   "attempts": 24, "received_at": "2026-11-01T00:00:12Z", "due_at": "2100-01-01T00:00:00Z"}),
        ),
        (
            "state=ignored",
            json!({"connector": "stripe", "event_id": "evt_29", "state": "ignored", "reason": "nothing here",
                   "attempts": 29, "received_at": "2026-11-01T00:00:14Z", "due_at": null}),
        ),
        (
            "state=done",
            json!({"connector": "stripe", "event_id": "evt_same", "state": "done", "reason": null, "attempts": 1,
                   "received_at": "2026-11-02T00:00:00Z", "due_at": null}),
        ),
    ] {
        let path = format!("/v1/webhooks?limit=100&{query}");
        let answer = platform.get("payment", &path).await;
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("confidence"));
        assert_eq!(answer.expect(200)["data"][0], expected, "{query}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_listed_for_who_may_read_and_what_is_wrong_is_refused() {
    let platform = stored().await;
    let nothing = Caller {
        roles: vec![],
        ..operator()
    };
    for (caller, status) in [(Some(auditor()), 200), (Some(nothing), 403), (None, 401)] {
        let answer = platform
            .send("payment", caller.as_ref(), Method::GET, "/v1/webhooks", &[], None)
            .await;
        let answer: Value = answer.expect(status);
        assert_eq!(answer["data"].is_array(), status == 200, "{answer}");
    }
    for (query, status) in [
        ("state=lost", 400),
        ("connector=nobody", 400),
        ("body=shown", 400),
        ("cursor=x", 400),
        ("limit=0", 422),
        ("limit=101", 422),
    ] {
        let path = format!("/v1/webhooks?{query}");
        platform.get("payment", &path).await.expect(status);
    }
    platform.stop().await;
}
