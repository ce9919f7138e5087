use chrono::TimeDelta;
use contracts::{Caller, Role};

use super::Desk;
use crate::error::Error;
use crate::ops::make_key::{NewKey, make_key};
use crate::ops::read;
use crate::ops::revoke_key::revoke_key;

fn wanted(roles: &[Role]) -> NewKey {
    NewKey {
        name: "shop".into(),
        roles: roles.to_vec(),
        expires_at: None,
    }
}

fn administrator() -> Caller {
    Caller {
        id: "usr_test".into(),
        roles: vec![Role::Administrator],
    }
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked() {
    let desk = Desk::open().await;
    let by = administrator();
    let (made, key) = make_key(&desk.office, &by, &wanted(&[Role::Operator]))
        .await
        .unwrap();
    let caller = desk.who(key.reveal()).await.unwrap();
    assert_eq!(
        (caller.id, caller.roles),
        (made.id.to_string(), vec![Role::Operator])
    );
    assert!(key.reveal().ends_with(&made.hint));
    for _ in 0..2 {
        revoke_key(&desk.office, &by, made.id).await.unwrap();
        assert_eq!(desk.who(key.reveal()).await, None);
        desk.pass(TimeDelta::minutes(1));
    }
    let kept = read::keys(&desk.office, None, 10).await.unwrap().remove(0);
    assert_eq!(kept.revoked_at, Some(made.created_at), "the first time stays");
    let none = revoke_key(&desk.office, &by, ids::ApiKeyId::generate()).await;
    assert!(matches!(none, Err(Error::NoKey)));
}

#[tokio::test]
async fn a_key_ends_when_it_said() {
    let desk = Desk::open().await;
    let mut wanted = wanted(&[Role::Auditor]);
    wanted.expires_at = Some(desk.now() + TimeDelta::hours(1));
    let (_, key) = make_key(&desk.office, &administrator(), &wanted).await.unwrap();
    desk.pass(TimeDelta::minutes(59));
    assert!(desk.who(key.reveal()).await.is_some());
    desk.pass(TimeDelta::minutes(1));
    assert!(desk.who(key.reveal()).await.is_none());
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_by_the_minute() {
    let desk = Desk::open().await;
    let (_, key) = make_key(&desk.office, &administrator(), &wanted(&[Role::Auditor]))
        .await
        .unwrap();
    let start = desk.now();
    for (seconds, noted) in [(0, 0), (30, 0), (60, 60), (61, 60)] {
        desk.clock.set(start + TimeDelta::seconds(seconds));
        desk.who(key.reveal()).await.unwrap();
        let kept = read::keys(&desk.office, None, 10).await.unwrap().remove(0);
        assert_eq!(
            kept.last_used_at,
            Some(start + TimeDelta::seconds(noted)),
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_key_without_name_with_the_role_service_or_of_the_past_is_not_made() {
    let desk = Desk::open().await;
    let wanted = NewKey {
        name: " ".into(),
        roles: vec![Role::Service],
        expires_at: Some(desk.now()),
    };
    let Err(Error::Invalid(faults)) = make_key(&desk.office, &administrator(), &wanted).await else {
        panic!("made");
    };
    let places: Vec<_> = faults.iter().map(|f| f.pointer.as_str()).collect();
    assert_eq!(places, ["/name", "/expires_at", "/roles"]);
}

#[tokio::test]
async fn no_plain_key_or_token_is_in_the_database() {
    let desk = Desk::open().await;
    desk.user("kim", &[Role::Administrator]).await;
    let (_, key) = make_key(&desk.office, &administrator(), &wanted(&[Role::Auditor]))
        .await
        .unwrap();
    let begun = crate::ops::log_in::log_in(&desk.office, "kim", super::secret(super::PASSWORD))
        .await
        .unwrap();
    let dump: String = sqlx::query_scalar(
        "select (select string_agg(k::text, ' ') from api_keys k) || (select string_agg(s::text, ' ') from sessions s)
             || (select string_agg(u::text, ' ') from users u) || (select string_agg(o::text, ' ') from bus.outbox o)",
    )
    .fetch_one(desk.database.db().pool())
    .await
    .unwrap();
    for secret in [&key.reveal()[3..], &begun.token.reveal()[3..], super::PASSWORD] {
        assert!(!dump.contains(secret));
    }
    assert!(dump.contains("argon2id"));
}
