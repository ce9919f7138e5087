//! A payment that is answered at once and made later.

use contracts::events::PaymentRequested;
use once::Claim;
use telemetry::with_trace;

use super::accept::write_new;
use super::{Answered, Incoming, Payments, answer_of, count, keep, settled};
use crate::domain::OperationState;
use crate::error::Error;

impl Payments {
    /// Writes the payment down, publishes that it was asked for, and answers 202. Whoever hears of it (this service)
    /// hands it to the worker.
    pub(super) async fn request(&self, incoming: Incoming) -> Result<Answered, Error> {
        let Incoming {
            caller,
            key,
            order,
            trace,
        } = incoming;
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let granted = match once::claim(work.conn(), &key, now, self.lease()).await? {
            Claim::Granted(granted) => granted,
            other => return settled(other),
        };
        // The first request with this key need not have been asynchronous, and may have died on the way.
        if let Some(subject) = granted.subject.clone() {
            work.commit().await?;
            return self.recover(&key, &granted, &subject, 201).await;
        }
        let (payment, operations) = order.into_opened(&caller.id, now, OperationState::Created, None);
        write_new(&mut work, &payment, &operations, now).await?;
        let event = PaymentRequested {
            payment_id: payment.id,
        };
        with_trace(trace, async { work.publish(&event, now) }).await?;
        let answer = answer_of(&payment, 202)?;
        keep(&mut work, &granted, &answer).await?;
        work.commit().await?;
        count(&payment);
        self.0.hints.put(&key, &answer).await;
        Ok(Answered::first(answer))
    }
}
