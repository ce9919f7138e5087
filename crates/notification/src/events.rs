//! What is listened to.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use chassis::Clock;
use contracts::Event;
use contracts::events::{PaymentFailed, UserChanged};

use crate::domain::Message;
use crate::ops;

/// Tells of payments that failed.
pub(crate) struct FailedPayments(pub(crate) Arc<dyn Clock>);

#[async_trait]
impl Handler for FailedPayments {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        tell::<PaymentFailed>(work, records, self.0.as_ref()).await
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

async fn tell<E: Event>(work: &mut Work, records: &[&Record], clock: &dyn Clock) -> Result<(), Refusal>
where
    for<'a> Message: From<&'a E>,
{
    let facts = records
        .iter()
        .map(|record| {
            Ok(ops::Fact {
                event_id: record.event_id,
                occurred_at: record.occurred_at,
                message: Message::from(&record.event::<E>()?),
            })
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    ops::tell(work, facts, clock.now()).await?;
    Ok(())
}
