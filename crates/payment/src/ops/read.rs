//! Looking at payments.

use ids::PaymentId;
use uuid::Uuid;

use super::Payments;
use crate::domain::Payment;
use crate::error::Error;
use crate::store::listing::{self, Wanted};
use crate::store::reading;

impl Payments {
    /// The payment of that id.
    pub async fn one(&self, id: PaymentId) -> Result<Payment, Error> {
        let mut work = self.0.outbox.begin().await?;
        reading::at_one_moment(work.conn()).await?;
        let payment = reading::one(work.conn(), id).await?;
        work.roll_back().await?;
        payment.ok_or(Error::NotFound(id))
    }

    /// At most `limit` payments after `last`, in the order that is wanted.
    pub async fn list(&self, wanted: &Wanted, last: Option<Uuid>, limit: i64) -> Result<Vec<Payment>, Error> {
        let mut work = self.0.outbox.begin().await?;
        reading::at_one_moment(work.conn()).await?;
        let found = listing::list(work.conn(), wanted, last, limit).await?;
        let payments = reading::many(work.conn(), found.into_iter()).await?;
        work.roll_back().await?;
        Ok(payments)
    }
}
