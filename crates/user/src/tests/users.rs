use bus::{Cursor, OutboxLog};
use contracts::events::UserChanged;
use contracts::{Caller, Event, Role};

use super::{Desk, PASSWORD, secret};
use crate::error::Error;
use crate::ops::change_password::change_password;
use crate::ops::change_user::{Changes, change_user};
use crate::ops::create_user::{NewUser, create_user};
use crate::ops::log_in::log_in;
use crate::ops::read;

fn roles(roles: &[Role]) -> Changes {
    Changes {
        roles: Some(roles.to_vec()),
        ..Changes::default()
    }
}

#[tokio::test]
async fn of_two_users_with_one_login_made_at_once_one_is_refused() {
    let desk = Desk::open().await;
    let make = |login: &'static str| {
        let office = desk.office.clone();
        tokio::spawn(async move {
            let wanted = NewUser {
                login: login.into(),
                name: "Kim".into(),
                password: secret(PASSWORD),
                roles: vec![Role::Auditor],
            };
            create_user(&office, wanted).await
        })
    };
    let (one, two) = (make("kim"), make("KIM"));
    let outcomes = [one.await.unwrap(), two.await.unwrap()];
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    assert!(outcomes.iter().any(|o| matches!(o, Err(Error::LoginTaken))));
    desk.database.assert_no_open_transaction().await;
}

#[tokio::test]
async fn all_faults_of_a_new_user_are_told_at_once() {
    let desk = Desk::open().await;
    let wanted = NewUser {
        login: "not a login".into(),
        name: "x".repeat(101),
        password: secret("short"),
        roles: vec![Role::Service],
    };
    let Err(Error::Invalid(faults)) = create_user(&desk.office, wanted).await else {
        panic!("taken");
    };
    let places: Vec<_> = faults.iter().map(|f| f.pointer.as_str()).collect();
    assert_eq!(places, ["/login", "/name", "/password", "/roles"]);
}

#[tokio::test]
async fn every_change_of_a_user_is_told_once_and_in_order() {
    let desk = Desk::open().await;
    desk.user("root", &[Role::Administrator]).await;
    let kim = desk.user("kim", &[Role::Auditor]).await;
    change_user(&desk.office, kim.id, roles(&[Role::Operator, Role::Auditor]))
        .await
        .unwrap();
    let off = Changes {
        active: Some(false),
        ..Changes::default()
    };
    change_user(&desk.office, kim.id, off).await.unwrap();
    let log = OutboxLog::new(desk.office.outbox.clone());
    // A transaction of another test holds back what may be read.
    let records = loop {
        let records = log.read(UserChanged::TOPIC, &Cursor::start(), 100).await.unwrap();
        let end = records
            .last()
            .map_or_else(Cursor::start, |record| record.cursor.clone());
        if log.count_after(UserChanged::TOPIC, &end).await.unwrap() == 0 {
            break records;
        }
    };
    let told: Vec<UserChanged> = records
        .iter()
        .map(|r| r.event::<UserChanged>().unwrap())
        .filter(|e| e.user_id == kim.id)
        .collect();
    let seen: Vec<_> = told
        .iter()
        .map(|e| (e.version, e.active, e.roles.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (1, true, vec![Role::Auditor]),
            (2, true, vec![Role::Auditor, Role::Operator]),
            (3, false, vec![Role::Auditor, Role::Operator]),
        ]
    );
}

#[tokio::test]
async fn the_last_active_administrator_stays() {
    let desk = Desk::open().await;
    let root = desk.user("root", &[Role::Administrator]).await;
    let off = || Changes {
        active: Some(false),
        ..Changes::default()
    };
    for changes in [roles(&[Role::Auditor]), off()] {
        let refused = change_user(&desk.office, root.id, changes).await;
        assert!(matches!(refused, Err(Error::LastAdministrator)));
    }
    assert_eq!(read::user(&desk.office, root.id).await.unwrap(), root);
    desk.user("second", &[Role::Administrator]).await;
    change_user(&desk.office, root.id, off()).await.unwrap();
}

#[tokio::test]
async fn of_two_administrators_who_demote_each_other_at_once_one_stays() {
    for _ in 0..3 {
        let desk = Desk::open().await;
        let one = desk.user("one", &[Role::Administrator]).await;
        let two = desk.user("two", &[Role::Administrator]).await;
        let demote = |user| {
            let office = desk.office.clone();
            tokio::spawn(async move { change_user(&office, user, roles(&[Role::Auditor])).await })
        };
        // Both wait at a row that we hold, so that they go on side by side.
        let mut gate = desk.database.db().begin().await.unwrap();
        sqlx::query("select from users for update")
            .execute(&mut *gate)
            .await
            .unwrap();
        let (first, second) = (demote(one.id), demote(two.id));
        desk.until_waiting(2).await;
        gate.rollback().await.unwrap();
        let outcomes = [first.await.unwrap(), second.await.unwrap()];
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{outcomes:?}");
        assert!(
            outcomes
                .iter()
                .any(|o| matches!(o, Err(Error::LastAdministrator)))
        );
        desk.database.assert_no_open_transaction().await;
    }
}

#[tokio::test]
async fn new_roles_and_deactivation_hold_from_the_next_request_on() {
    let desk = Desk::open().await;
    desk.user("root", &[Role::Administrator]).await;
    let kim = desk.user("kim", &[Role::Auditor]).await;
    let begun = log_in(&desk.office, "kim", secret(PASSWORD)).await.unwrap();
    let token = begun.token.reveal();
    assert_eq!(desk.who(token).await.unwrap().roles, [Role::Auditor]);
    change_user(&desk.office, kim.id, roles(&[Role::Operator]))
        .await
        .unwrap();
    assert_eq!(desk.who(token).await.unwrap().roles, [Role::Operator]);
    let off = Changes {
        active: Some(false),
        ..Changes::default()
    };
    change_user(&desk.office, kim.id, off).await.unwrap();
    assert_eq!(desk.who(token).await, None);
}

#[tokio::test]
async fn another_password_is_asked_for_the_present_one_and_ends_all_sessions() {
    let desk = Desk::open().await;
    desk.user("root", &[Role::Administrator]).await;
    let kim = desk.user("kim", &[Role::Auditor]).await;
    let begun = log_in(&desk.office, "kim", secret(PASSWORD)).await.unwrap();
    let caller = Caller {
        id: kim.id.to_string(),
        roles: kim.roles.clone(),
    };
    let fresh = "a fresh password";
    let wrong = change_password(&desk.office, &caller, secret("not the one"), secret(fresh)).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    change_password(&desk.office, &caller, secret(PASSWORD), secret(fresh))
        .await
        .unwrap();
    assert_eq!(desk.who(begun.token.reveal()).await, None);
    assert!(log_in(&desk.office, "kim", secret(PASSWORD)).await.is_err());
    assert!(log_in(&desk.office, "kim", secret(fresh)).await.is_ok());
    let key = Caller {
        id: ids::ApiKeyId::generate().to_string(),
        roles: vec![Role::Administrator],
    };
    let none = change_password(&desk.office, &key, secret(PASSWORD), secret(fresh)).await;
    assert!(matches!(none, Err(Error::NotAUser)));
}
