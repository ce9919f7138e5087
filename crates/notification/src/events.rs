//! What is listened to.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use chassis::Clock;
use contracts::Event;
use contracts::events::{DisputeChanged, PaymentFailed, UserChanged};

use crate::domain::Told;
use crate::ops;

/// Tells of payments that failed.
pub(crate) struct FailedPayments(pub(crate) Arc<dyn Clock>);

#[async_trait]
impl Handler for FailedPayments {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        tell::<PaymentFailed>(work, records, self.0.as_ref()).await
    }
}

/// Tells of disputes that were opened or decided.
pub(crate) struct Disputes(pub(crate) Arc<dyn Clock>);

#[async_trait]
impl Handler for Disputes {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        tell::<DisputeChanged>(work, records, self.0.as_ref()).await
    }
}

/// Tells of users that were made, changed or deactivated.
pub(crate) struct ChangedUsers(pub(crate) Arc<dyn Clock>);

#[async_trait]
impl Handler for ChangedUsers {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        tell::<UserChanged>(work, records, self.0.as_ref()).await
    }
}

async fn tell<E: Event + Told>(
    work: &mut Work,
    records: &[&Record],
    clock: &dyn Clock,
) -> Result<(), Refusal> {
    let facts = records
        .iter()
        .filter_map(|record| {
            let message = match record.event::<E>() {
                Ok(event) => event.message()?,
                Err(error) => return Some(Err(error.into())),
            };
            Some(Ok(ops::Fact {
                event_id: record.event_id,
                occurred_at: record.occurred_at,
                message,
            }))
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    ops::tell(work, facts, clock.now()).await?;
    Ok(())
}
