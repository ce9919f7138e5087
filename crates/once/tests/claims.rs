//! Claims on a real PostgreSQL: a request is done once, whoever asks, however often.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

use std::time::Duration;

use bus::Outbox;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::Caller;
use once::{Answer, Claim, Granted, KeyedRequest};
use serde_json::json;
use web::IdempotencyKey;

const LEASE: Duration = Duration::from_secs(30);

fn request(key: &str, amount: i64) -> KeyedRequest {
    let caller = Caller {
        id: "key_1".into(),
        roles: vec![],
    };
    KeyedRequest::new(
        &caller,
        "POST /v1/things",
        &IdempotencyKey(key.into()),
        &json!({ "amount": amount }),
    )
}

fn noon() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-01T12:00:00Z")
        .unwrap()
        .to_utc()
}

fn answer(body: &str) -> Answer {
    Answer {
        status: 201,
        body: body.into(),
        subject: Some("thing_1".into()),
    }
}

async fn database() -> testkit::Database {
    testkit::Database::with("once", &[&bus::MIGRATOR, &once::MIGRATOR]).await
}

/// Claims in a transaction of its own.
async fn claim(outbox: &Outbox, request: &KeyedRequest, now: DateTime<Utc>) -> Claim {
    let mut work = outbox.begin().await.unwrap();
    let claim = once::claim(work.conn(), request, now, LEASE).await.unwrap();
    work.commit().await.unwrap();
    claim
}

async fn keep(outbox: &Outbox, granted: &Granted, body: &str) -> bool {
    let mut work = outbox.begin().await.unwrap();
    let kept = once::answer(work.conn(), granted, &answer(body)).await.unwrap();
    work.commit().await.unwrap();
    kept
}

fn granted(claim: Claim) -> Granted {
    match claim {
        Claim::Granted(granted) => granted,
        other => panic!("not granted: {other:?}"),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
    let database = database().await;
    let outbox = database.outbox();
    let first = granted(claim(&outbox, &request("k", 1), noon()).await);
    assert_eq!(claim(&outbox, &request("k", 1), noon()).await, Claim::Running);
    assert!(keep(&outbox, &first, "made").await);
    assert_eq!(
        claim(&outbox, &request("k", 1), noon()).await,
        Claim::Answered(answer("made"))
    );
    assert_eq!(claim(&outbox, &request("k", 2), noon()).await, Claim::Reused);
}

#[tokio::test]
async fn a_dead_claim_is_taken_over_and_its_late_answer_is_refused() {
    let database = database().await;
    let outbox = database.outbox();
    let dead = granted(claim(&outbox, &request("k", 1), noon()).await);
    let mut work = outbox.begin().await.unwrap();
    assert!(once::subject(work.conn(), &dead, "thing_1").await.unwrap());
    work.commit().await.unwrap();

    let later = noon() + TimeDelta::seconds(31);
    assert_eq!(
        claim(&outbox, &request("k", 2), later).await,
        Claim::Reused,
        "a dead claim keeps its body"
    );
    let successor = granted(claim(&outbox, &request("k", 1), later).await);
    assert_eq!(
        (successor.fence, successor.subject.as_deref()),
        (2, Some("thing_1"))
    );
    assert!(!keep(&outbox, &dead, "late").await);
    assert!(keep(&outbox, &successor, "made").await);
    assert_eq!(
        claim(&outbox, &request("k", 1), later).await,
        Claim::Answered(answer("made"))
    );
}

#[tokio::test]
async fn of_many_at_once_one_is_granted() {
    let database = database().await;
    let outbox = database.outbox();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let outbox = outbox.clone();
            tokio::spawn(async move { claim(&outbox, &request("k", 1), noon()).await })
        })
        .collect();
    let mut claims = Vec::new();
    for task in tasks {
        claims.push(task.await.unwrap());
    }
    let wins = claims.iter().filter(|c| matches!(c, Claim::Granted(_))).count();
    assert_eq!(wins, 1, "{claims:?}");
}

#[tokio::test]
async fn a_batch_answers_each_request_by_itself() {
    let database = database().await;
    let outbox = database.outbox();
    let done = granted(claim(&outbox, &request("done", 1), noon()).await);
    keep(&outbox, &done, "made").await;
    let batch = [
        request("new", 1),
        request("done", 1),
        request("done", 2),
        request("new", 1),
        request("new", 2),
    ];
    let mut work = outbox.begin().await.unwrap();
    let claims = once::claim_many(work.conn(), &batch, noon(), LEASE)
        .await
        .unwrap();
    work.commit().await.unwrap();
    let kinds: Vec<&str> = claims
        .iter()
        .map(|claim| match claim {
            Claim::Granted(_) => "granted",
            Claim::Answered(_) => "answered",
            Claim::Running => "running",
            Claim::Reused => "reused",
        })
        .collect();
    assert_eq!(kinds, ["granted", "answered", "reused", "running", "reused"]);
}

#[tokio::test]
async fn a_released_key_is_free_for_a_mended_request() {
    let database = database().await;
    let outbox = database.outbox();
    let refused = granted(claim(&outbox, &request("k", -1), noon()).await);
    let mut work = outbox.begin().await.unwrap();
    once::release(work.conn(), &refused).await.unwrap();
    work.commit().await.unwrap();
    granted(claim(&outbox, &request("k", 1), noon()).await);
}

#[tokio::test]
async fn a_claim_that_was_given_up_is_granted_again_at_once_and_keeps_its_subject_and_body() {
    let database = database().await;
    let outbox = database.outbox();
    let first = granted(claim(&outbox, &request("k", 1), noon()).await);
    let mut work = outbox.begin().await.unwrap();
    assert!(once::subject(work.conn(), &first, "thing_1").await.unwrap());
    once::give_up(work.conn(), &first).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(claim(&outbox, &request("k", 2), noon()).await, Claim::Reused);
    let second = granted(claim(&outbox, &request("k", 1), noon()).await);
    assert_eq!((second.fence, second.subject.as_deref()), (2, Some("thing_1")));
    assert!(!keep(&outbox, &first, "late").await);

    // Given up too late, by who does not hold it any more.
    let mut work = outbox.begin().await.unwrap();
    once::give_up(work.conn(), &first).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(claim(&outbox, &request("k", 1), noon()).await, Claim::Running);
}

#[tokio::test]
async fn old_answers_are_purged_and_open_claims_stay() {
    let database = database().await;
    let outbox = database.outbox();
    let old = granted(claim(&outbox, &request("old", 1), noon()).await);
    keep(&outbox, &old, "made").await;
    claim(&outbox, &request("open", 1), noon()).await;
    let mut work = outbox.begin().await.unwrap();
    assert_eq!(
        once::purge(work.conn(), noon() + TimeDelta::hours(1))
            .await
            .unwrap(),
        1
    );
    work.commit().await.unwrap();
    assert_eq!(claim(&outbox, &request("open", 1), noon()).await, Claim::Running);
}

/// Keeps answers in one statement, as whoever makes what they tell of does.
async fn keep_new(outbox: &Outbox, requests: &[KeyedRequest], body: &str) -> Vec<Vec<u8>> {
    let mut work = outbox.begin().await.unwrap();
    let keep = "insert into once.keys (scope, fingerprint, status, answer, subject, claimed_at, lease_until)
                select scope, fingerprint, 201, answer, subject, $5, $5
                  from unnest($1, $2, $3, $4) as fresh (scope, fingerprint, answer, subject)
                 order by scope
                on conflict on constraint keys_pk do nothing
                returning scope";
    let kept = sqlx::query_scalar(keep)
        .bind(requests.iter().map(|r| r.scope.to_vec()).collect::<Vec<_>>())
        .bind(
            requests
                .iter()
                .map(|r| r.fingerprint.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(requests.iter().map(|_| body.as_bytes()).collect::<Vec<_>>())
        .bind(requests.iter().map(|_| "thing_1").collect::<Vec<_>>())
        .bind(noon())
        .fetch_all(work.conn())
        .await
        .unwrap();
    work.commit().await.unwrap();
    kept
}

#[tokio::test]
async fn a_key_that_was_used_is_not_kept_anew_and_one_that_was_taken_back_is_free() {
    let database = database().await;
    let outbox = database.outbox();
    granted(claim(&outbox, &request("running", 1), noon()).await);
    let (new, running) = (request("new", 1), request("running", 1));
    assert_eq!(
        keep_new(&outbox, &[new, running], "made").await,
        [new.scope.to_vec()]
    );
    assert!(keep_new(&outbox, &[new, running], "again").await.is_empty());
    assert_eq!(
        claim(&outbox, &new, noon()).await,
        Claim::Answered(answer("made"))
    );
    assert_eq!(claim(&outbox, &running, noon()).await, Claim::Running);

    let mut work = outbox.begin().await.unwrap();
    let taken_back: i64 = sqlx::query_scalar("select once.take_back($1)")
        .bind(vec![new.scope.to_vec()])
        .fetch_one(work.conn())
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(taken_back, 1);
    granted(claim(&outbox, &request("new", 2), noon()).await);
}
