//! The table `break_repayments`: what refunds gave back of payments that were paid over. Only ever inserted.

use sqlx::PgConnection;

use crate::domain::Entry;

/// Writes the repayments of new entries, if there are any.
pub(crate) async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let found = entries
        .iter()
        .filter_map(|entry| Some((entry.id.as_uuid(), entry.fact.posting.repayment?)));
    let (mut ids, mut payments, mut amounts, mut currencies) = (vec![], vec![], vec![], vec![]);
    for (id, repayment) in found {
        ids.push(id);
        payments.push(repayment.payment_id.as_uuid());
        amounts.push(repayment.amount_minor);
        currencies.push(repayment.currency.as_str());
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into break_repayments (entry_id, payment_id, amount_minor, currency)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[])",
        &ids,
        &payments,
        &amounts,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
