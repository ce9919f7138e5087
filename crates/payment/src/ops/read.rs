//! Looking at payments.

use ids::{PartnerId, PaymentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Payments;
use crate::domain::{Payment, PaymentStatus};
use crate::error::Error;
use crate::store::reading::{self, Wanted};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// This status.
    pub status: Option<PaymentStatus>,
    /// This order reference.
    pub order_reference: Option<String>,
    /// A line of this partner.
    pub partner_id: Option<PartnerId>,
}

impl Payments {
    /// The payment of that id.
    pub async fn one(&self, id: PaymentId) -> Result<Payment, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        reading::one(&mut conn, id).await?.ok_or(Error::NotFound(id))
    }

    /// At most `limit` payments before `before`, newest first.
    pub async fn list(
        &self,
        filter: &Filter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Payment>, Error> {
        let wanted = Wanted {
            status: filter.status,
            order_reference: filter.order_reference.as_deref(),
            partner_id: filter.partner_id,
            before,
        };
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        Ok(reading::list(&mut conn, &wanted, limit).await?)
    }
}
