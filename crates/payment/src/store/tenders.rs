//! The table `tenders`.

use ids::PaymentId;
use sqlx::PgConnection;

use crate::domain::Tender;

/// Writes what became of a tender. The caller holds the lock of its payment.
pub async fn update(conn: &mut PgConnection, payment: PaymentId, tender: &Tender) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update tenders set authorized_minor = $3, captured_minor = $4, voided_minor = $5, refunded_minor = $6
          where payment_id = $1 and number = $2",
        payment.as_uuid(),
        tender.number,
        tender.amounts.authorized_minor,
        tender.amounts.captured_minor,
        tender.amounts.voided_minor,
        tender.amounts.refunded_minor
    )
    .execute(conn)
    .await?;
    Ok(())
}
