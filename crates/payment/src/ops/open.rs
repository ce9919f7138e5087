//! The first step of payments through a connector: those that arrive together are claimed and written together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use once::Granted;

use super::together::Together;
use super::{Incoming, Payments};
use crate::domain::{OperationState, Payment, Transaction};
use crate::error::Error;
use crate::store::{payment_methods, payments};

/// Opens payments whose connector is known.
#[derive(Clone)]
pub struct Opener(pub(super) Payments);

/// A payment that is written down under a claimed key; its operation is to be given to the connector.
pub struct Opened {
    pub(super) granted: Granted,
    pub(super) payment: Payment,
    pub(super) operation: Transaction,
}

/// What became of one of a group.
pub enum Opening {
    /// It is open.
    Opened(Box<Opened>),
    /// Nothing: its key was used before, or its order reference is taken, or its means may not be used, or somebody
    /// else is at work on one of these. It is to be looked at by itself.
    Apart,
}

impl Together for Opener {
    const NAME: &'static str = "open";
    // One: of two at a time each would be half as large, and cost each payment more.
    const SIDE_BY_SIDE: usize = 1;
    const PATIENCE: Duration = Duration::ZERO;
    type Item = Incoming;
    type Outcome = (Incoming, Result<Opening, Error>);
    type Place = ();

    fn place(&self) {}

    async fn go(&self, (): &mut (), group: Vec<Incoming>) -> Vec<Self::Outcome> {
        let mut opened = match self.0.open(&group).await {
            Ok(opened) => opened,
            Err(Error::NotNow(reason)) => {
                let put_off = |incoming| (incoming, Err(Error::NotNow(reason.clone())));
                return group.into_iter().map(put_off).collect();
            }
            // A bad one costs its neighbours nothing: each is tried by itself.
            Err(error) => {
                tracing::warn!(error = %error, items = group.len(), "a group was not opened together");
                HashMap::new()
            }
        };
        let outcome = |incoming: Incoming| {
            // Of two with the same key the first went ahead.
            let opened = opened.remove(&incoming.key.scope);
            let opening = opened.map_or(Opening::Apart, |opened| Opening::Opened(Box::new(opened)));
            (incoming, Ok(opening))
        };
        group.into_iter().map(outcome).collect()
    }
}

impl Payments {
    /// Claims and writes what of `group` is new, in one transaction; returns it by the scopes of the keys.
    async fn open(&self, group: &[Incoming]) -> Result<HashMap<[u8; 32], Opened>, Error> {
        let now = self.now();
        let due_at = now + self.lease();
        let mut keys = HashMap::with_capacity(group.len());
        let mut names = HashSet::with_capacity(group.len());
        let (mut payments, mut operations) =
            (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        for incoming in group {
            let Incoming {
                caller, key, order, ..
            } = incoming;
            let Some(connector) = order.connector else {
                continue;
            };
            // Of two with the same key or reference the first goes ahead; the other finds it made.
            if keys.contains_key(&key.scope) || !names.insert((&caller.id, &order.order_reference)) {
                continue;
            }
            let (payment, begun) =
                order
                    .clone()
                    .into_opened(connector, &caller.id, now, OperationState::Sent, Some(due_at));
            keys.insert(key.scope, (key, payment.id));
            payments.push(payment);
            operations.extend(begun);
        }
        let mut work = self.0.outbox.begin_by_key().await?;
        let fresh: Vec<_> = keys.values().map(|(key, id)| (*key, id.to_string())).collect();
        let mut granted = HashMap::with_capacity(fresh.len());
        for claim in once::claim_new(work.conn(), &fresh, now, self.lease()).await? {
            if let Some((_, id)) = keys.get(&claim.scope) {
                granted.insert(*id, claim);
            }
        }
        payments.retain(|payment| granted.contains_key(&payment.id));
        let detached = payment_methods::remember(work.conn(), &mut payments, now).await?;
        let usable = |(place, payment)| (!detached.iter().any(|(of, _)| *of == place)).then_some(payment);
        let payments: Vec<Payment> = payments.into_iter().enumerate().filter_map(usable).collect();
        let written =
            payments::insert(work.conn(), &payments.iter().collect::<Vec<_>>(), &operations).await?;
        let mut operations: HashMap<_, _> = operations.into_iter().map(|one| (one.payment_id, one)).collect();
        let mut opened = HashMap::with_capacity(written.len());
        for payment in payments
            .into_iter()
            .filter(|payment| written.contains(&payment.id))
        {
            payments::note(work.conn(), &payment).await?;
            if let (Some(granted), Some(operation)) =
                (granted.remove(&payment.id), operations.remove(&payment.id))
            {
                opened.insert(
                    granted.scope,
                    Opened {
                        granted,
                        payment,
                        operation,
                    },
                );
            }
        }
        for refused in granted.values() {
            once::release(work.conn(), refused).await?;
        }
        work.commit().await?;
        Ok(opened)
    }
}
