//! Authorizations that run out.

use ids::PaymentId;

use super::Payments;
use crate::domain::{Cause, Operation, Step};
use crate::error::Error;
use crate::store::{payments, reading, tenders, transactions};

/// Payments that one round looks at.
const ROUND: i64 = 64;

impl Payments {
    /// Lets go of what is held for longer than the connector promised; returns how many payments were taken up.
    ///
    /// What is let go is asked of the connector as by a caller: whether it still held it or not, it holds it no more.
    pub async fn expire(&self) -> Result<usize, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let found = tenders::run_out(&mut conn, self.now(), ROUND).await?;
        drop(conn);
        let mut taken_up = 0;
        for payment_id in found {
            match self.expire_one(payment_id).await {
                Ok(()) => taken_up += 1,
                // The oldest come first in every round: one that can't be let go must not keep the others back.
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(%payment_id, error, "what has run out could not be let go");
                }
            }
        }
        Ok(taken_up)
    }

    async fn expire_one(&self, payment_id: PaymentId) -> Result<(), Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let Some(mut payment) = reading::lock(work.conn(), payment_id).await? else {
            return Err(Error::NotFound(payment_id));
        };
        let mut history = transactions::of_payment(work.conn(), payment_id).await?;
        let tender = payment
            .tenders
            .iter()
            .find(|tender| tender.held_until.is_some_and(|until| until <= now));
        // Someone else may have got to it first.
        let (Some(tender), false) = (tender, history.iter().any(|done| done.state.is_open())) else {
            return Ok(work.roll_back().await?);
        };
        let refused = history.iter().filter(|done| {
            done.cause == Cause::Expiry && done.tender_number == tender.number && done.state.is_refused()
        });
        let step = Step {
            tender_number: tender.number,
            operation: Operation::Void,
            amount_minor: tender.amounts.held_minor(),
            cause: Cause::Expiry,
            connector: payment.connector,
            change_id: None,
            parts: Vec::new(),
            refusals: u32::try_from(refused.count()).unwrap_or(u32::MAX),
        };
        let task = self
            .begin(&mut work, &mut payment, &mut history, step, now)
            .await?;
        payment.status = crate::domain::status::derive(&payment.amounts(), &history);
        payments::update(work.conn(), &payment, now).await?;
        work.commit().await?;
        if let Some(task) = task {
            self.perform(task, None).await?;
        }
        Ok(())
    }
}
