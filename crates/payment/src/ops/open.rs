//! The first step of payments through a connector: those that arrive together are claimed and written together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use once::Granted;

use super::together::{Failed, Together};
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
    type Place = ();

    fn place(&self) {}

    async fn go(&self, (): &mut (), group: Vec<Incoming>) -> Vec<Self::Outcome> {
        let mut opened = match self.0.open(&group).await {
            Ok(opened) => opened,
            Err(Failed::NotNow(reason)) => {
                let put_off = |incoming| (incoming, Err(Error::NotNow(reason.clone())));
                return group.into_iter().map(put_off).collect();
            }
            // A bad one costs its neighbours nothing: each is tried by itself.
            Err(Failed::Alone(error)) => {
                tracing::warn!(error = %error, items = group.len(), "a group was not opened together");
                HashMap::new()
            }
        };
        let outcome = |(place, incoming)| (incoming, Ok(opened.remove(&place)));
        group.into_iter().enumerate().map(outcome).collect()
    }
}

impl Payments {
    /// Claims and writes what of `group` is new, in one transaction; returns it by its places in the group.
    async fn open(&self, group: &[Incoming]) -> Result<HashMap<usize, Opened>, Failed> {
        let now = self.now();
        let due_at = now + self.lease();
        let (mut scopes, mut names) = (HashMap::new(), HashSet::new());
        let mut fresh = Vec::with_capacity(group.len());
        let mut payments = Vec::with_capacity(group.len());
        let mut operations = Vec::with_capacity(group.len());
        for (place, incoming) in group.iter().enumerate() {
            let Incoming {
                caller, key, order, ..
            } = incoming;
            let name = (&caller.id, &order.order_reference);
            let Some(connector) = order.connector else {
                continue;
            };
            // Of two with the same key or reference one goes ahead; the other finds it made.
            if scopes.contains_key(&key.scope) || !names.insert(name) {
                continue;
            }
            let (payment, begun) =
                order
                    .clone()
                    .into_opened(connector, &caller.id, now, OperationState::Sent, Some(due_at));
            scopes.insert(key.scope, (place, payment.id));
            fresh.push((key, payment.id.to_string()));
            payments.push(payment);
            operations.extend(begun);
        }
        let mut work = self.0.outbox.begin_by_key().await?;
        let mut granted = HashMap::with_capacity(fresh.len());
        for claim in once::claim_new(work.conn(), &fresh, now, self.lease()).await? {
            if let Some((place, id)) = scopes.get(&claim.scope) {
                granted.insert(*id, (*place, claim));
            }
        }
        payments.retain(|payment| granted.contains_key(&payment.id));
        let seen = payment_methods::remember(work.conn(), &mut payments, now).await?;
        let usable =
            |(place, payment)| (!seen.detached.iter().any(|(of, _)| *of == place)).then_some(payment);
        let payments: Vec<Payment> = payments.into_iter().enumerate().filter_map(usable).collect();
        let written =
            payments::insert(work.conn(), &payments.iter().collect::<Vec<_>>(), &operations).await?;
        let mut operations: HashMap<_, _> = operations
            .into_iter()
            .map(|operation| (operation.payment_id, operation))
            .collect();
        let mut opened = HashMap::with_capacity(written.len());
        for payment in payments.into_iter().filter(|p| written.contains(&p.id)) {
            payments::note(work.conn(), &payment).await?;
            let made = granted.remove(&payment.id).zip(operations.remove(&payment.id));
            if let Some(((place, granted), operation)) = made {
                opened.insert(
                    place,
                    Opened {
                        granted,
                        payment,
                        operation,
                    },
                );
            }
        }
        // Of those that are left out nothing stays.
        for (_, refused) in granted.values() {
            once::release(work.conn(), refused).await?;
        }
        if !granted.is_empty() {
            payment_methods::forget_unused(work.conn(), &seen.added).await?;
        }
        work.commit().await?;
        Ok(opened)
    }
}
