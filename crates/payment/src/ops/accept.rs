//! A payment through a connector, in three steps: claim and intent; the call; outcome and answer.

use chrono::{DateTime, Utc};
use ids::PaymentId;
use once::{Granted, KeyedRequest};
use web::FieldError;

use super::close::{Closed, Closer};
use super::open::{Opened, Opener};
use super::tasks::{first_task, task};
use super::{Answered, Begun, Incoming, Keeping, Payments, answer_of, keep};
use crate::domain::{ConnectorName, OperationState, Payment, Route, Transaction, Unusable};
use crate::error::{Error, unusable};
use crate::store::{payment_methods, payments, reading, routes};

impl Payments {
    /// Opens it with whatever else arrives at the time, has the connector asked, and closes it with whatever else is
    /// answered at the time. What is out of the ordinary is done by itself.
    pub(super) async fn accept(&self, incoming: Incoming) -> Result<Answered, Error> {
        // A route is decided for each by itself.
        if incoming.order.connector.is_none() {
            return self.accept_apart(incoming).await;
        }
        let (incoming, opened) = self.0.opener.wait(&Opener(self.clone()), incoming).await?;
        match opened? {
            Some(opened) => self.charge(&incoming, &opened).await,
            None => self.accept_apart(incoming).await,
        }
    }

    async fn charge(&self, incoming: &Incoming, opened: &Opened) -> Result<Answered, Error> {
        let Opened {
            granted,
            payment,
            operation,
        } = opened;
        let task = task(payment, operation, None);
        let outcome = self.0.connectors.perform(&task).await;
        // What is known is not given up where nobody closes groups any more.
        if let Some(closed) = Closed::of(opened, incoming, &outcome)
            && let Ok(closed) = self.0.closer.wait(&Closer(self.clone()), closed).await
            && let Some(answered) = closed?
        {
            return Ok(answered);
        }
        let keeping = Keeping {
            key: &incoming.key,
            granted,
            done: 201,
        };
        self.go_on(task, outcome, Some(keeping)).await
    }

    async fn accept_apart(&self, incoming: Incoming) -> Result<Answered, Error> {
        let Incoming {
            caller,
            key,
            mut order,
            ..
        } = incoming;
        let now = self.now();
        let (mut work, granted) = match self.begin_keyed(&key, now, 201).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        let due_at = now + self.lease();
        let (connector, route) = self.way_of(&mut work, &mut order).await?;
        let (mut payment, operations) =
            order.into_opened(connector, &caller.id, now, OperationState::Sent, Some(due_at));
        write_new(&mut work, &mut payment, route.as_ref(), &operations, now).await?;
        once::subject(work.conn(), &granted, &payment.id.to_string()).await?;
        work.commit().await?;

        let task = first_task(&payment, &operations).ok_or_else(|| no_operation(payment.id))?;
        let keeping = Keeping {
            key: &key,
            granted: &granted,
            done: 201,
        };
        self.perform(task, Some(keeping)).await
    }

    /// A repeat whose first request died on the way: goes on with the payment that it had made, and makes no other.
    pub(super) async fn recover(
        &self,
        key: &KeyedRequest,
        granted: &Granted,
        subject: &str,
        done: u16,
    ) -> Result<Answered, Error> {
        let payment_id: PaymentId = subject
            .parse()
            .map_err(|_| Error::NotNow(format!("the subject {subject} is not a payment")))?;
        let keeping = Keeping { key, granted, done };
        if let Some(task) = self.take(Some(payment_id), 1).await?.pop() {
            return self.settle(task, Some(keeping)).await;
        }
        // Its outcome is known, or someone else is finding it out.
        let mut work = self.0.outbox.begin().await?;
        let payment = reading::one(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        let answer = answer_of(&payment, done)?;
        keep(&mut work, granted, &answer).await?;
        work.commit().await?;
        Ok(Answered::first(answer))
    }
}

/// Writes a payment that a connector is to work on, with its route where it is routed.
pub(super) async fn write_new(
    work: &mut bus::Work,
    payment: &mut Payment,
    route: Option<&Route>,
    operations: &[Transaction],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if let Some(route) = route {
        let (caller, tenders) = (payment.caller.as_str(), payment.tenders.as_slice());
        let detached = payment_methods::remember_route(work.conn(), caller, tenders, route, now).await?;
        if !detached.is_empty() {
            return Err(Error::Fields(detached.into_iter().map(offered_again).collect()));
        }
        payment.route = route.candidates.iter().map(|one| one.connector).collect();
    }
    let detached = payment_methods::remember(work.conn(), payment, now).await?;
    if !detached.is_empty() {
        return Err(Error::Fields(detached.into_iter().map(used_again).collect()));
    }
    let written = payments::insert(work.conn(), &[&*payment], operations).await?;
    if written.contains(&payment.id) {
        if let Some(route) = route
            && !routes::insert(work.conn(), payment, route).await?
        {
            return Err(Error::Broken {
                payment_id: payment.id,
                rule: "every connector of a route knows the means of every tender".to_owned(),
            });
        }
        return Ok(());
    }
    let name = (payment.caller.as_str(), payment.order_reference.as_str());
    let holder = payments::holders(work.conn(), &[name]).await?.pop();
    Err(match holder {
        Some((_, order_reference, payment_id)) => Error::AlreadyExists {
            order_reference,
            payment_id,
        },
        None => Error::NotNow("the order reference was just given up".to_owned()),
    })
}

/// The tender in that place is to be paid by what no new payment may use.
fn used_again(place: usize) -> FieldError {
    unusable(format!("/tenders/{place}"), Unusable::Detached)
}

/// The same of what one connector of a route knows the means by.
fn offered_again((place, connector): (usize, ConnectorName)) -> FieldError {
    unusable(
        format!("/tenders/{place}/tokens/{}", connector.as_str()),
        Unusable::Detached,
    )
}

pub(super) fn no_operation(payment_id: PaymentId) -> Error {
    Error::Broken {
        payment_id,
        rule: "a payment has a tender and an operation".to_owned(),
    }
}
