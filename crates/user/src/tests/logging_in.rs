use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use contracts::Role;

use super::{Desk, PASSWORD, secret};
use crate::error::Error;
use crate::ops::change_user::{Changes, change_user};
use crate::ops::clean_up::clean_up;
use crate::ops::log_in::log_in;
use crate::ops::log_out::log_out;

#[tokio::test]
async fn only_the_right_password_of_an_active_user_opens_a_session() {
    let desk = Desk::open().await;
    desk.user("root", &[Role::Administrator]).await;
    let kim = desk.user("kim", &[Role::Operator]).await;
    for (login, password, opens) in [
        ("kim", PASSWORD, true),
        (" KIM ", PASSWORD, true),
        ("kim", "another password", false),
        ("nobody", PASSWORD, false),
        ("not a login", PASSWORD, false),
    ] {
        let outcome = log_in(&desk.office, login, secret(password)).await;
        match outcome {
            Ok(begun) => {
                assert!(opens, "{login}");
                assert_eq!(begun.user, kim.id);
                let caller = desk.who(begun.token.reveal()).await.unwrap();
                assert_eq!(
                    (caller.id, caller.roles),
                    (kim.id.to_string(), vec![Role::Operator])
                );
            }
            Err(error) => {
                assert!(!opens, "{login}: {error}");
                assert!(matches!(error, Error::WrongLogin), "{login}: {error}");
            }
        }
    }
    let off = Changes {
        active: Some(false),
        ..Changes::default()
    };
    change_user(&desk.office, kim.id, off).await.unwrap();
    let refused = log_in(&desk.office, "kim", secret(PASSWORD)).await;
    assert!(matches!(refused, Err(Error::WrongLogin)));
}

#[tokio::test]
async fn a_session_ends_half_an_hour_after_its_last_use() {
    let desk = Desk::open().await;
    desk.user("kim", &[Role::Auditor]).await;
    let begun = log_in(&desk.office, "kim", secret(PASSWORD)).await.unwrap();
    let token = begun.token.reveal();
    for _ in 0..3 {
        desk.pass(TimeDelta::minutes(29));
        assert!(desk.who(token).await.is_some(), "used in time");
    }
    desk.pass(TimeDelta::minutes(30));
    assert!(desk.who(token).await.is_none(), "not used in time");
    assert_eq!(clean_up(&desk.office).await.unwrap(), 1);
}

#[tokio::test]
async fn logging_out_ends_one_session_and_only_ones_own() {
    let desk = Desk::open().await;
    let kim = desk.user("kim", &[Role::Auditor]).await;
    let lee = desk.user("lee", &[Role::Auditor]).await;
    let one = log_in(&desk.office, "kim", secret(PASSWORD)).await.unwrap();
    let other = log_in(&desk.office, "kim", secret(PASSWORD)).await.unwrap();
    let theirs = log_out(&desk.office, lee.id, Some(one.token.reveal())).await;
    assert!(matches!(theirs, Err(Error::NoSession)));
    assert!(desk.who(one.token.reveal()).await.is_some());
    log_out(&desk.office, kim.id, Some(one.token.reveal()))
        .await
        .unwrap();
    assert!(desk.who(one.token.reveal()).await.is_none());
    assert!(desk.who(other.token.reveal()).await.is_some());
    for none in [None, Some("st_x")] {
        let nothing = log_out(&desk.office, kim.id, none).await;
        assert!(matches!(nothing, Err(Error::NoSession)));
    }
}

#[tokio::test]
async fn wrong_guesses_lock_a_login_for_longer_and_longer_and_a_success_clears_the_count() {
    let desk = Desk::open().await;
    desk.user("kim", &[Role::Auditor]).await;
    for (login, exists) in [("kim", true), ("nobody", false)] {
        for _ in 0..10 {
            let refused = log_in(&desk.office, login, secret("guess guess")).await;
            assert!(matches!(refused, Err(Error::WrongLogin)), "{login}");
        }
        let locked = log_in(&desk.office, login, secret(PASSWORD)).await;
        assert!(
            matches!(locked, Err(Error::Locked { retry_after_s: 2 })),
            "{login} {locked:?}"
        );
        desk.pass(TimeDelta::seconds(1));
        let again = log_in(&desk.office, login, secret("guess guess")).await;
        assert!(matches!(again, Err(Error::WrongLogin)), "{login}");
        desk.pass(TimeDelta::seconds(1));
        let longer = log_in(&desk.office, login, secret(PASSWORD)).await;
        assert!(
            matches!(longer, Err(Error::Locked { retry_after_s: 2 })),
            "{login} {longer:?}"
        );
        desk.pass(TimeDelta::seconds(1));
        let right = log_in(&desk.office, login, secret(PASSWORD)).await;
        assert_eq!(right.is_ok(), exists, "{login}");
    }
    let fresh = log_in(&desk.office, "kim", secret("guess guess")).await;
    assert!(matches!(fresh, Err(Error::WrongLogin)), "the count is clear");
    desk.pass(TimeDelta::hours(25));
    // kim's session, kim's count and nobody's.
    assert_eq!(clean_up(&desk.office).await.unwrap(), 3);
}

#[tokio::test]
async fn parallel_guesses_do_not_outrun_the_lock() {
    let desk = Desk::open().await;
    desk.user("kim", &[Role::Auditor]).await;
    let looked_at = Arc::new(AtomicUsize::new(0));
    let guesses: Vec<_> = (0..40)
        .map(|_| {
            let (office, looked_at) = (desk.office.clone(), Arc::clone(&looked_at));
            tokio::spawn(async move {
                match log_in(&office, "kim", secret("guess guess")).await {
                    Err(Error::WrongLogin) => looked_at.fetch_add(1, Ordering::Relaxed),
                    Err(Error::Locked { .. }) => 0,
                    other => panic!("{other:?}"),
                };
            })
        })
        .collect();
    for guess in guesses {
        guess.await.unwrap();
    }
    assert_eq!(looked_at.load(Ordering::Relaxed), 10);
    desk.database.assert_no_open_transaction().await;
}
