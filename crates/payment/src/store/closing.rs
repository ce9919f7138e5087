//! Payments whose only operation succeeded, written in one statement: outcome, amounts, status, answer and event.

use std::collections::{BTreeSet, HashSet};

use bus::{FirstEvent, Statement};
use chrono::{DateTime, Utc};
use ids::PaymentId;
use once::{Answer, Granted};
use sqlx::PgConnection;

use super::payments::Columns;
use crate::domain::{Done, OperationState, Payment, PaymentStatus, Tender};

/// A payment of one tender as it is after its only operation succeeded.
#[derive(Debug)]
pub struct Closing<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// The operation.
    pub operation: &'a Done,
    /// Under which claim it was asked for.
    pub granted: &'a Granted,
    /// What is answered under it.
    pub answer: Answer,
}

impl Closing<'_> {
    fn of_tender<T>(&self, value: impl Fn(&Tender) -> T) -> Option<T> {
        self.payment.tender(self.operation.tender_number).map(value)
    }
}

/// The statement. Rows are found by their keys: its place is one for that.
pub struct Closings<'a> {
    /// The payments.
    pub all: &'a [Closing<'a>],
    /// Which of them are completed, and that they are.
    pub completed: &'a [(PaymentId, FirstEvent)],
    /// The status of every answer.
    pub status: u16,
    /// When it all happens.
    pub now: DateTime<Utc>,
}

impl Statement for Closings<'_> {
    /// Those that were written. The others are somebody else's by now, or their operations were moved on, or their keys were
    /// taken over.
    type Output = HashSet<PaymentId>;

    fn topics(&self) -> BTreeSet<&'static str> {
        self.completed.iter().map(|(_, event)| event.topic).collect()
    }

    async fn run(self, conn: &mut PgConnection) -> Result<HashSet<PaymentId>, sqlx::Error> {
        let all = Columns(self.all);
        let completed = Columns(self.completed);
        let status = i16::try_from(self.status).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let written = sqlx::query_file_scalar!(
            "src/store/close.sql",
            &all.of(|c| c.payment.id.as_uuid()),
            &all.of(|c| c.operation.id.as_uuid()),
            &all.of(|c| c.operation.tender_number),
            &all.of(|c| c.operation.connector_reference.as_deref()) as &[Option<&str>],
            &all.of(|c| c.of_tender(|t| t.amounts.captured_minor).unwrap_or(0)),
            &all.of(|c| c.of_tender(|t| t.held_until).flatten()) as &[Option<DateTime<Utc>>],
            &all.of(|c| c.payment.status.as_str()) as &[&str],
            &all.of(|c| c.payment.captured_minor),
            &all.of(|c| c.granted.scope.as_slice()) as &[&[u8]],
            &all.of(|c| c.granted.fence),
            &all.of(|c| c.answer.body.as_slice()) as &[&[u8]],
            status,
            self.now,
            &completed.of(|(id, _)| id.as_uuid()),
            &[PaymentStatus::Processing.as_str()] as &[&str],
            &[OperationState::Sent.as_str()] as &[&str],
            &completed.of(|(_, event)| event.topic) as &[&str],
            &completed.of(|(_, event)| event.aggregate.as_str()) as &[&str],
            &completed.of(|(_, event)| event.payload.as_str()) as &[&str],
            &completed.of(|(_, event)| event.trace_parent.as_str()) as &[&str]
        )
        .fetch_all(conn)
        .await?;
        Ok(written.into_iter().map(PaymentId::from_uuid).collect())
    }
}
