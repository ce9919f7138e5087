//! A payment that is answered at once and made later.

use contracts::events::PaymentRequested;
use telemetry::with_trace;

use super::accept::write_new;
use super::{Answered, Begun, Incoming, Payments, answer_of, count, keep};
use crate::domain::OperationState;
use crate::error::Error;

impl Payments {
    /// Writes the payment down, publishes that it was asked for, and answers 202. Whoever hears of it (this service)
    /// hands it to the worker.
    pub(super) async fn request(&self, incoming: Incoming) -> Result<Answered, Error> {
        let Incoming {
            caller,
            key,
            mut order,
            trace,
        } = incoming;
        let now = self.now();
        // The first request with this key need not have been asynchronous, and may have died on the way.
        let (mut work, granted) = match self.begin_keyed(&key, now, 201).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        let (connector, route) = self.way_of(&mut work, &mut order).await?;
        let (mut payment, operations) =
            order.into_opened(connector, &caller.id, now, OperationState::Created, None);
        write_new(&mut work, &mut payment, route.as_ref(), &operations, now).await?;
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
