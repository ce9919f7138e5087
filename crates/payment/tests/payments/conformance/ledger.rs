//! What the payment service wrote, held against what was executed.

use std::time::Duration;

use testkit::Platform;

/// An operation without what differs from payment to payment: what, where it stands, for how much, whether the
/// connector has a name for it, why it was refused, and whether anything is still planned.
pub type Operation = (String, String, i64, bool, Option<String>, bool);

/// Those of a payment, in their order.
pub async fn operations(platform: &Platform, payment: &str) -> Vec<Operation> {
    sqlx::query_as(
        "select operation, state, amount_minor, connector_reference is not null, refusal_code, due_at is not null
           from transactions where payment_id = $1 order by created_at, transaction_id",
    )
    .bind(uuid(payment))
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap()
}

/// Every operation of a payment succeeded, and was executed once under its key; nothing else was under any of its keys.
pub async fn executed_once(platform: &Platform, executed: &[(String, String)], payment: &str, name: &str) {
    let written: Vec<(String, String, String)> =
        sqlx::query_as("select operation, connector_key, state from transactions where payment_id = $1")
            .bind(uuid(payment))
            .fetch_all(platform.database("payment").db().pool())
            .await
            .unwrap();
    assert!(!written.is_empty(), "{name}");
    for (operation, key, state) in written {
        let under: Vec<_> = executed
            .iter()
            .filter(|(_, done)| *done == key)
            .map(|(what, _)| what)
            .collect();
        assert_eq!(
            (under, state.as_str()),
            (vec![&operation], "succeeded"),
            "{name}: {operation}"
        );
    }
}

/// Webhooks that were stored.
pub async fn webhooks(platform: &Platform) -> i64 {
    count(platform, "select count(*) from webhooks").await
}

/// Waits until every stored webhook was worked on.
pub async fn until_webhooks_are_done(platform: &Platform) {
    let waiting = async {
        while count(platform, "select count(*) from webhooks where state = 'waiting'").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap();
}

async fn count(platform: &Platform, statement: &'static str) -> i64 {
    let pool = platform.database("payment").db();
    sqlx::query_scalar(statement)
        .fetch_one(pool.pool())
        .await
        .unwrap()
}

fn uuid(payment: &str) -> uuid::Uuid {
    payment.parse::<ids::PaymentId>().unwrap().as_uuid()
}
