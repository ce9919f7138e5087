//! The first step of payments through a connector: those that arrive together are claimed and written together.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use bus::Statement;
use chrono::{DateTime, Utc};
use once::{Granted, KeyedRequest};
use sqlx::PgConnection;

use super::together::{Failed, Together};
use super::write::{Places, firsts};
use super::{Incoming, Payments};
use crate::domain::{OperationState, Payment, Transaction};
use crate::error::Error;
use crate::store::payment_methods::Means;
use crate::store::writing::Draft;

/// Opens payments whose connector is known.
#[derive(Clone)]
pub struct Opener(pub(super) Payments);

/// A payment that is written down under a claimed key; its operation is to be given to the connector.
pub struct Opened {
    pub(super) granted: Granted,
    pub(super) payment: Payment,
    pub(super) operation: Transaction,
}

impl Together for Opener {
    const NAME: &'static str = "open";
    const GROUP: usize = 100;
    // One: of two at a time each would be half as large, and cost each payment more.
    const SIDE_BY_SIDE: usize = 1;
    const PATIENCE: Duration = Duration::ZERO;
    type Item = Incoming;
    /// None: its key was used before, or its order reference is taken, or its means may not be used, or somebody else is
    /// at work on one of these. It is to be looked at by itself.
    type Outcome = (Incoming, Result<Option<Opened>, Error>);
    type Place = Places;

    fn place(&self) -> Places {
        Places::of(&self.0.0.outbox)
    }

    async fn go(&self, places: &mut Places, group: Vec<Incoming>) -> Vec<Self::Outcome> {
        let mut opened = match self.0.open(places, &group).await {
            Ok(opened) => opened,
            Err(Failed::NotNow(reason)) => {
                let put_off = |incoming| (incoming, Err(Error::NotNow(reason.clone())));
                return group.into_iter().map(put_off).collect();
            }
            // A bad one costs its neighbours nothing: each is tried by itself.
            Err(Failed::Alone(error)) => {
                tracing::warn!(error = %error, items = group.len(), "a group was not opened together");
                Vec::new()
            }
        };
        opened.reverse();
        let outcome = |incoming: Incoming| {
            // Both stand in one order.
            let opened = opened.pop_if(|opened| opened.granted.scope == incoming.key.scope);
            (incoming, Ok(opened))
        };
        group.into_iter().map(outcome).collect()
    }
}

/// Looks up by what these are to be paid.
struct Seeing<'a>(&'a mut [Payment]);

impl Statement for Seeing<'_> {
    type Output = (Means, HashSet<usize>);

    fn topics(&self) -> BTreeSet<&'static str> {
        BTreeSet::new()
    }

    async fn run(self, conn: &mut PgConnection) -> Result<Self::Output, sqlx::Error> {
        Means::of_all(conn, self.0).await
    }
}

impl Payments {
    /// Claims and writes what of `group` is new, together; returns it in the order of the group.
    async fn open(&self, places: &mut Places, group: &[Incoming]) -> Result<Vec<Opened>, Failed> {
        let now = self.now();
        let begun = firsts(group).filter_map(|incoming| self.opened(incoming, now));
        let (mut payments, rest): (Vec<_>, Vec<_>) = begun.unzip();
        let has_token = |payment: &Payment| payment.tenders.iter().any(|tender| tender.token.is_some());
        let is_looked_up = payments.iter().any(has_token);
        let (means, detached) = if is_looked_up {
            places.seeing.run(Seeing(&mut payments)).await?
        } else {
            Default::default()
        };
        let begun = payments.into_iter().zip(rest).enumerate();
        let usable = begun.filter(|(place, _)| !detached.contains(place));
        let mut drafts: Vec<_> = usable
            .map(|(_, (payment, (key, operations)))| Draft {
                key,
                payment,
                operations,
                event: None,
                answer: None,
            })
            .collect();
        self.write(places, &mut drafts, &means, now).await?;
        if !is_looked_up {
            places.rest_seeing();
        }
        let opened = drafts.into_iter().filter_map(|mut draft| {
            Some(Opened {
                granted: Granted::first(draft.key),
                operation: draft.operations.pop()?,
                payment: draft.payment,
            })
        });
        Ok(opened.collect())
    }

    /// The payment, with its key and the operation that it begins with.
    fn opened<'a>(
        &self,
        incoming: &'a Incoming,
        now: DateTime<Utc>,
    ) -> Option<(Payment, (&'a KeyedRequest, Vec<Transaction>))> {
        let (order, caller) = (incoming.order.clone(), &incoming.caller.id);
        let due_at = Some(now + self.lease());
        let connector = order.connector?;
        let (payment, begun) = order.into_opened(connector, caller, now, OperationState::Sent, due_at);
        Some((payment, (&incoming.key, begun)))
    }
}
