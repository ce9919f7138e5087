//! Many partners at once.

use bus::Outbox;
use serde_json::json;

use super::{bare, database, made_partner, new_partner, request, told_of_contract, told_of_partner, version};
use crate::domain::{Fault, NewVersion};
use crate::ops::{self, Accepted, Item, Order, Request};

#[allow(clippy::unnecessary_wraps, reason = "an item that can't be read is one too")]
fn item(reference: &str, contract: Option<NewVersion>) -> Item {
    Ok(Order {
        partner: new_partner(reference),
        contract,
    })
}

async fn accept(outbox: &Outbox, request: &Request, items: Vec<Item>) -> Vec<Accepted> {
    let mut outcome = Vec::new();
    ops::accept_batch(outbox, request, items, |accepted| {
        outcome = accepted;
        bare(&())
    })
    .await
    .unwrap();
    outcome
}

/// `made`, `there`, `differs` or `invalid`, item by item.
fn words(outcome: &[Accepted]) -> Vec<&'static str> {
    outcome
        .iter()
        .map(|accepted| match accepted {
            Accepted::There { made: true, .. } => "made",
            Accepted::There { made: false, .. } => "there",
            Accepted::Differs { .. } => "differs",
            Accepted::Invalid(_) => "invalid",
        })
        .collect()
}

#[tokio::test]
async fn items_are_settled_one_by_one_and_the_first_of_two_makes() {
    let database = database().await;
    let outbox = database.outbox();
    let old = made_partner(&outbox, "old").await;
    let ten = || version("2016-01-01", &json!({"rate_ppm": 100_000}), None);
    let nine = || version("2016-01-01", &json!({"rate_ppm": 90_000}), None);
    let dollars = || version("2016-01-01", &json!({"currency": "USD"}), None);
    let outcome = accept(
        &outbox,
        &request(),
        vec![
            item("new", None),
            item("new", Some(ten())),
            item("new", Some(ten())),
            item("new", Some(nine())),
            item("new", Some(dollars())),
            Err(vec![Fault::new("/name", "give one")]),
            item("old", None),
            item("old", Some(ten())),
            item("whole", Some(ten())),
        ],
    )
    .await;
    assert_eq!(
        words(&outcome),
        [
            "made", "made", "there", "differs", "made", "invalid", "there", "made", "made"
        ]
    );
    let Accepted::There { partner, .. } = &outcome[6] else {
        panic!("{:?}", outcome[6])
    };
    assert_eq!(*partner, old);
    let Accepted::Differs { contract, .. } = &outcome[3] else {
        panic!("{:?}", outcome[3])
    };
    assert!(contract.says(&ten()));
    assert_eq!(
        ops::partners(&outbox, None, None, None, 10).await.unwrap().len(),
        3
    );
    assert_eq!(ops::contracts(&outbox, None, None, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_batch_repeated_under_another_key_changes_nothing() {
    let database = database().await;
    let outbox = database.outbox();
    let items = || -> Vec<Item> {
        (0..50)
            .map(|n| item(&format!("s{n}"), Some(version("2016-01-01", &json!({}), None))))
            .collect()
    };
    let first = accept(&outbox, &request(), items()).await;
    assert!(words(&first).iter().all(|word| *word == "made"));
    let second = accept(&outbox, &request(), items()).await;
    assert!(words(&second).iter().all(|word| *word == "there"));
    for (one, other) in first.iter().zip(&second) {
        let (
            Accepted::There {
                partner,
                contract: Some(contract),
                ..
            },
            Accepted::There {
                partner: again,
                contract: Some(contract_again),
                ..
            },
        ) = (one, other)
        else {
            panic!("{one:?} {other:?}")
        };
        assert_eq!((partner, contract), (again, contract_again));
        assert_eq!(told_of_partner(&outbox, partner.id).await, 1);
        assert_eq!(told_of_contract(&outbox, contract.id).await, 1);
    }
}

#[tokio::test]
async fn batches_with_the_same_partners_in_other_orders_make_each_once() {
    let database = database().await;
    let running = (0..6).map(|turn| {
        let outbox = database.outbox();
        tokio::spawn(async move {
            let mut items: Vec<Item> = (0..40)
                .map(|n| item(&format!("s{n}"), Some(version("2016-01-01", &json!({}), None))))
                .collect();
            items.rotate_left(turn * 7);
            if turn % 2 == 0 {
                items.reverse();
            }
            accept(&outbox, &request(), items).await
        })
    });
    let mut made = 0;
    for task in running.collect::<Vec<_>>() {
        let outcome = task.await.unwrap();
        made += words(&outcome).iter().filter(|word| **word == "made").count();
    }
    assert_eq!(made, 40);
    let events = sqlx::query!(
        r#"select topic, count(*) as "count!", max(number) as "last!" from bus.outbox group by topic order by topic"#
    )
    .fetch_all(database.db().pool())
    .await
    .unwrap();
    let events: Vec<_> = events
        .iter()
        .map(|row| (row.topic.as_str(), row.count, row.last))
        .collect();
    assert_eq!(events, [("contract-changed", 40, 1), ("partner-changed", 40, 1)]);
}
