//! What follows from a dispute of a payment that is given up.

use bus::Work;
use chrono::{DateTime, Utc};

use super::{Concluded, put};
use crate::domain::{Done, Failure, Operation, OperationState, Payment};
use crate::error::Error;
use crate::ops::Payments;
use crate::store::{reading, tenders, transactions};

impl Payments {
    /// Brings a payment that is given up, and locked, in line with what a dispute did to one of its tenders. What came back
    /// goes on to the buyer. What the bank took is not given back as well: a refund that was not sent yet ends, and what is
    /// left goes under a new one.
    pub(in crate::ops) async fn conclude_dispute(
        &self,
        work: &mut Work,
        mut payment: Payment,
        mut history: Vec<Done>,
        tender_number: i32,
        now: DateTime<Utc>,
    ) -> Result<Concluded, Error> {
        let stood = payment.status;
        payment.tenders = reading::tenders(work.conn(), payment.id).await?;
        let kept_minor = payment
            .tender(tender_number)
            .map_or(0, |t| t.amounts.kept_minor());
        let unsent = history.iter_mut().find(|done| {
            done.tender_number == tender_number
                && done.operation == Operation::Refund
                && done.state == OperationState::Created
                && done.amount_minor > kept_minor
        });
        if let Some(refund) = unsent {
            let why = taken_back();
            let state = OperationState::Canceled;
            if transactions::end(work.conn(), refund.id, state, None, Some(&why), now).await? {
                tenders::not_moved(work.conn(), payment.id, tender_number).await?;
                refund.state = state;
                refund.refusal = Some(why);
            }
        }
        let next = self
            .begin_next(work, &mut payment, &mut history, None, now)
            .await?;
        put(work, &payment, stood, now).await?;
        Ok(Concluded { payment, next })
    }
}

/// Why a refund that was not sent yet is given up.
fn taken_back() -> Failure {
    Failure {
        code: "disputed".to_owned(),
        detail: "the buyer's bank took the money before it was given back".to_owned(),
    }
}
