//! Contracts and their versions.

use ids::{ContractId, PartnerId};
use serde_json::json;

use super::{bare, database, made_contract, made_partner, now, request, told_of_contract, version};
use crate::error::Error;
use crate::{ops, store};

#[tokio::test]
async fn a_partner_has_one_contract_a_currency_however_many_ask_at_once() {
    let database = database().await;
    let partner = made_partner(&database.outbox(), "shop").await.id;
    let asking = (0..8).map(|n| {
        let outbox = database.outbox();
        let currency = if n % 2 == 0 { "KRW" } else { "USD" };
        let first = version("2016-01-01", &json!({"currency": currency}), None);
        tokio::spawn(async move { ops::make_contract(&outbox, &request(), partner, &first, bare).await })
    });
    let mut made = 0;
    for task in asking.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(Error::CurrencyTaken(owner, _)) => assert_eq!(owner, partner),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made, 2);
}

#[tokio::test]
async fn a_contract_of_nobody_is_refused() {
    let database = database().await;
    let first = version("2016-01-01", &json!({}), None);
    let nobody = PartnerId::generate();
    let refused = ops::make_contract(&database.outbox(), &request(), nobody, &first, bare).await;
    assert!(matches!(refused, Err(Error::ContractOfNobody(id)) if id == nobody));
}

#[tokio::test]
async fn a_version_that_another_writer_took_meanwhile_is_refused() {
    let database = database().await;
    let outbox = database.outbox();
    let partner = made_partner(&outbox, "shop").await.id;
    let contract = made_contract(&outbox, partner, &version("2016-01-01", &json!({}), None)).await;

    // The other writer has written version 2 and not committed yet.
    let mut other = outbox.begin().await.unwrap();
    let theirs = version("2026-12-10", &json!({}), None).numbered(2, now(), "usr_other");
    store::versions::insert(other.conn(), &[(contract.id, &theirs)])
        .await
        .unwrap();

    let ours = tokio::spawn({
        let outbox = outbox.clone();
        let new = version("2026-12-20", &json!({}), None);
        async move { ops::add_version(&outbox, &request(), contract.id, &new, bare).await }
    });
    until_one_waits_for_a_lock(&outbox).await;
    other.commit().await.unwrap();
    assert!(matches!(ours.await.unwrap(), Err(Error::VersionTaken(id)) if id == contract.id));
    database.assert_no_open_transaction().await;
}

async fn until_one_waits_for_a_lock(outbox: &bus::Outbox) {
    let waiting = async {
        loop {
            let count = sqlx::query_scalar!(
                r#"select count(*) as "count!" from pg_stat_activity
                    where datname = current_database() and wait_event_type = 'Lock'"#
            )
            .fetch_one(outbox.db().pool())
            .await
            .unwrap();
            if count > 0 {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting)
        .await
        .expect("a writer that waits");
}

#[tokio::test]
async fn versions_added_at_once_have_numbers_without_gaps_and_are_each_told_once() {
    let database = database().await;
    let outbox = database.outbox();
    let partner = made_partner(&outbox, "shop").await.id;
    let id = made_contract(&outbox, partner, &version("2016-01-01", &json!({}), None))
        .await
        .id;
    let adding = (10..20).map(|day| {
        let outbox = outbox.clone();
        let new = version(&format!("2026-12-{day}"), &json!({}), None);
        tokio::spawn(async move { ops::add_version(&outbox, &request(), id, &new, bare).await })
    });
    let mut added = 0;
    for task in adding.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => added += 1,
            // Taken meanwhile, or not later than a version that was quicker.
            Err(Error::VersionTaken(_) | Error::Invalid(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(added >= 1);
    let contract = ops::contract(&outbox, id).await.unwrap();
    let numbers: Vec<i32> = contract.versions.iter().map(|v| v.number).collect();
    assert_eq!(numbers, (1..=1 + added).collect::<Vec<_>>());
    assert!(contract.versions.is_sorted_by(|a, b| a.valid_from < b.valid_from));
    assert_eq!(told_of_contract(&outbox, id).await, i64::from(1 + added));
}

#[tokio::test]
async fn the_database_refuses_to_change_what_sales_were_priced_by() {
    let database = database().await;
    let outbox = database.outbox();
    let partner = made_partner(&outbox, "shop").await.id;
    made_contract(&outbox, partner, &version("2016-01-01", &json!({}), None)).await;
    let pool = database.db().pool().clone();
    let refusals = [
        sqlx::query!("update contract_versions set valid_from = '2020-01-01'")
            .execute(&pool)
            .await,
        sqlx::query!("delete from contract_versions").execute(&pool).await,
        sqlx::query!("truncate contract_versions cascade")
            .execute(&pool)
            .await,
        sqlx::query!("update commissions set rate_ppm = 0")
            .execute(&pool)
            .await,
        sqlx::query!("delete from commissions").execute(&pool).await,
        sqlx::query!("truncate commissions").execute(&pool).await,
    ];
    for refusal in refusals {
        let error = refusal.unwrap_err();
        let constraint = postgres::violated_constraint(&error).unwrap_or_default();
        assert!(constraint.ends_with("_immutable"), "{error}");
    }
}

#[tokio::test]
async fn commissions_are_written_with_every_version() {
    let database = database().await;
    let outbox = database.outbox();
    let partner = made_partner(&outbox, "shop").await.id;
    let books = json!({"category_rates": [{"category": "books", "rate_ppm": 50_000}]});
    let id = made_contract(&outbox, partner, &version("2016-01-01", &books, None))
        .await
        .id;
    let lower = version("2026-12-20", &json!({"rate_ppm": 90_000}), None);
    ops::add_version(&outbox, &request(), id, &lower, bare)
        .await
        .unwrap();
    let said: Vec<_> = ops::commissions(&outbox, id)
        .await
        .unwrap()
        .into_iter()
        .map(|c| (c.version, c.category, c.rate.ppm()))
        .collect();
    assert_eq!(
        said,
        [
            (1, None, 120_000),
            (1, Some("books".to_owned()), 50_000),
            (2, None, 90_000)
        ]
    );
    let nothing = ops::commissions(&outbox, ContractId::generate()).await;
    assert!(matches!(nothing, Err(Error::NoContract(_))));
}
