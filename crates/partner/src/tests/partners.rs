//! Partners one at a time.

use contracts::events::PartnerStatus;
use ids::PartnerId;

use super::{bare, database, made_partner, new_partner, now, request, told_of_partner};
use crate::domain::PartnerChange;
use crate::error::Error;
use crate::ops;

#[tokio::test]
async fn a_reference_belongs_to_one_partner_however_many_ask_at_once() {
    let database = database().await;
    let asking = (0..8).map(|_| {
        let outbox = database.outbox();
        tokio::spawn(async move { ops::make_partner(&outbox, &request(), &new_partner("shop"), bare).await })
    });
    let mut made = 0;
    for task in asking.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(Error::ReferenceTaken(reference)) => assert_eq!(reference, "shop"),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made, 1);
    let found = ops::partners(&database.outbox(), Some("shop"), None, None, 10)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(told_of_partner(&database.outbox(), found[0].id).await, 1);
}

#[tokio::test]
async fn one_key_makes_one_partner_however_many_send_it_at_once() {
    let database = database().await;
    let request = request();
    let asking = (0..8).map(|_| {
        let (outbox, request) = (database.outbox(), request.clone());
        tokio::spawn(async move { ops::make_partner(&outbox, &request, &new_partner("shop"), bare).await })
    });
    let mut first = 0;
    for task in asking.collect::<Vec<_>>() {
        first += i32::from(!task.await.unwrap().unwrap().replayed);
    }
    assert_eq!(first, 1);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let database = database().await;
    let outbox = database.outbox();
    made_partner(&outbox, "taken").await;
    let request = request();
    let refused = ops::make_partner(&outbox, &request, &new_partner("taken"), bare).await;
    assert!(matches!(refused, Err(Error::ReferenceTaken(_))));
    let reply = ops::make_partner(&outbox, &request, &new_partner("free"), bare)
        .await
        .unwrap();
    assert!(!reply.replayed);
}

#[tokio::test]
async fn a_change_is_told_once_and_counts_the_version_up() {
    let database = database().await;
    let outbox = database.outbox();
    let partner = made_partner(&outbox, "shop").await;
    let close = PartnerChange::parse(None, Some(PartnerStatus::Closed)).unwrap();
    for _ in 0..2 {
        let changed = ops::change_partner(&outbox, now(), partner.id, &close)
            .await
            .unwrap();
        assert_eq!((changed.version, changed.status), (2, PartnerStatus::Closed));
        assert_eq!(changed.name, partner.name);
    }
    assert_eq!(told_of_partner(&outbox, partner.id).await, 2);
    let nobody = ops::change_partner(&outbox, now(), PartnerId::generate(), &close).await;
    assert!(matches!(nobody, Err(Error::NoPartner(_))));
}

#[tokio::test]
async fn changes_at_once_are_all_told_in_order() {
    let database = database().await;
    let partner = made_partner(&database.outbox(), "shop").await;
    let changing = (0..8).map(|n| {
        let outbox = database.outbox();
        let change = PartnerChange::parse(Some(format!("Shop {n}")), None).unwrap();
        tokio::spawn(async move { ops::change_partner(&outbox, now(), partner.id, &change).await })
    });
    let mut versions = Vec::new();
    for task in changing.collect::<Vec<_>>() {
        versions.push(task.await.unwrap().unwrap().version);
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=9).collect::<Vec<_>>());
    let numbered = sqlx::query!(
        r#"select number, (payload ->> 'version')::int as "version!"
             from bus.outbox where topic = 'partner-changed' order by number"#
    )
    .fetch_all(database.db().pool())
    .await
    .unwrap();
    assert_eq!(numbered.len(), 9);
    assert!(numbered.iter().all(|row| row.number == i64::from(row.version)));
}
