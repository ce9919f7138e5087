//! The table `payment_methods`.

use chrono::{DateTime, Utc};
use ids::PaymentMethodId;
use sqlx::PgConnection;

use crate::domain::Payment;

/// Remembers the means by which `payment` is paid, where the connector knows them by a token.
pub async fn remember(
    conn: &mut PgConnection,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for tender in &payment.tenders {
        let Some(token) = &tender.token else { continue };
        sqlx::query!(
            "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict on constraint payment_methods_token do nothing",
            PaymentMethodId::generate().as_uuid(),
            payment.caller,
            payment.connector.as_str(),
            tender.kind.as_str(),
            token,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
