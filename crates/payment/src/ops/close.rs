//! The last step of payments through a connector: those that are answered together are written together. Only those from
//! whose outcome nothing follows but that they are paid, or held: as most are.

use std::time::Duration;

use bus::{AtOnce, FirstEvent};
use once::{Answer, Granted, KeyedRequest};
use telemetry::TraceContext;

use super::open::Opened;
use super::together::{Failed, Together};
use super::{Answered, CREATED, Incoming, Payments, answer_of, count};
use crate::connectors::Outcome;
use crate::domain::plan::next_step;
use crate::domain::status::{derive, is_complete};
use crate::domain::{Done, OperationState, Payment};
use crate::error::Error;
use crate::store::closing::{Closing, Closings};

/// Closes payments that are paid or held.
#[derive(Clone)]
pub struct Closer(pub(super) Payments);

/// A payment as it is to be closed.
pub struct Closed {
    key: KeyedRequest,
    granted: Granted,
    trace: TraceContext,
    payment: Payment,
    operation: Done,
    is_complete: bool,
}

impl Closed {
    /// What an open payment comes to when its only operation succeeded. None where more follows from that than amounts,
    /// a status and the fact that it is completed.
    pub(super) fn of(opened: &Opened, incoming: &Incoming, outcome: &Outcome) -> Option<Self> {
        let Outcome::Succeeded {
            reference,
            held_until,
        } = outcome
        else {
            return None;
        };
        let mut payment = opened.payment.clone();
        let [tender] = payment.tenders.as_mut_slice() else {
            return None;
        };
        let operation = Done {
            state: OperationState::Succeeded,
            connector_reference: reference.clone(),
            ..Done::of(&opened.operation)
        };
        tender.amounts = tender
            .amounts
            .after(operation.operation, operation.amount_minor)?;
        tender.held_until = (*held_until).filter(|_| tender.amounts.held_minor() > 0);
        payment.captured_minor = payment.sum(|amounts| amounts.captured_minor);
        let history = std::slice::from_ref(&operation);
        let is_complete = is_complete(&payment.amounts(), history);
        let is_all = !is_complete || payment.captured_minor == payment.owed_minor;
        if !is_all || next_step(&payment, history, None).is_some() {
            return None;
        }
        payment.status = derive(&payment.amounts(), history);
        Some(Self {
            key: incoming.key,
            granted: opened.granted.clone(),
            trace: incoming.trace,
            payment,
            operation,
            is_complete,
        })
    }
}

impl Together for Closer {
    const NAME: &'static str = "close";
    const GROUP: usize = 100;
    // One, as for opening.
    const SIDE_BY_SIDE: usize = 1;
    const PATIENCE: Duration = Duration::ZERO;
    type Item = Closed;
    /// None: somebody else has been at work on it, and it is to be looked at by itself.
    type Outcome = Result<Option<Answered>, Error>;
    type Place = AtOnce;

    fn place(&self) -> AtOnce {
        self.0.0.outbox.at_once_by_key()
    }

    async fn go(&self, place: &mut AtOnce, group: Vec<Closed>) -> Vec<Self::Outcome> {
        match self.0.close(place, &group).await {
            Ok(answers) => answers
                .into_iter()
                .map(|answer| Ok(answer.map(Answered::first)))
                .collect(),
            Err(Failed::NotNow(reason)) => group.iter().map(|_| Err(Error::NotNow(reason.clone()))).collect(),
            // A bad one costs its neighbours nothing: each is tried by itself.
            Err(Failed::Alone(error)) => {
                tracing::warn!(error = %error, items = group.len(), "a group was not closed together");
                group.iter().map(|_| Ok(None)).collect()
            }
        }
    }
}

impl Payments {
    /// Outcomes, amounts, statuses, events and answers in one statement. None stands for each whose operation somebody else
    /// moved on meanwhile, or whose key somebody took over.
    async fn close(&self, place: &mut AtOnce, group: &[Closed]) -> Result<Vec<Option<Answer>>, Failed> {
        let now = self.now();
        let mut all = Vec::with_capacity(group.len());
        let mut completed = Vec::with_capacity(group.len());
        for one in group {
            if one.is_complete {
                let event = FirstEvent::of(&one.payment.completed(), one.trace).map_err(Error::from)?;
                completed.push((one.payment.id, event));
            }
            all.push(Closing {
                payment: &one.payment,
                operation: &one.operation,
                granted: &one.granted,
                answer: answer_of(&one.payment, CREATED)?,
            });
        }
        let closings = Closings {
            all: &all,
            completed: &completed,
            status: CREATED,
            now,
        };
        let written = place.run(closings).await?;
        let answers: Vec<_> = all
            .into_iter()
            .map(|closing| Some(closing.answer).filter(|_| written.contains(&closing.payment.id)))
            .collect();
        let told = group.iter().zip(&answers);
        let told = told.filter_map(|(one, answer)| Some((one, answer.as_ref()?)));
        self.0
            .hints
            .put_soon(told.clone().map(|(one, answer)| (&one.key, answer)));
        told.for_each(|(one, _)| count(&one.payment));
        Ok(answers)
    }
}
