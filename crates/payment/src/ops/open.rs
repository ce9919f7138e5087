//! The first step of payments through a connector: those that arrive together are claimed and written together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bus::{AtOnce, FirstEvents, Statement};
use chrono::{DateTime, Utc};
use once::{Granted, KeyedRequest};
use sqlx::PgConnection;

use super::together::{Failed, Place, Together};
use super::{CREATED, Incoming, Payments};
use crate::domain::{OperationState, Payment, Transaction};
use crate::error::Error;
use crate::store::payment_methods::Means;
use crate::store::writing::{Draft, Writing};

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
        Places {
            seeing: self.0.0.outbox.at_once_by_key(),
            writing: self.0.0.outbox.at_once(),
        }
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
                HashMap::new()
            }
        };
        let outcome = |(place, incoming)| (incoming, Ok(opened.remove(&place)));
        group.into_iter().enumerate().map(outcome).collect()
    }
}

/// Where a group is opened.
pub struct Places {
    seeing: AtOnce,
    writing: AtOnce,
}

impl Place for Places {
    fn is_kept(&self) -> bool {
        self.seeing.is_kept() || self.writing.is_kept()
    }

    fn rest(&mut self) {
        self.seeing.rest();
        self.writing.rest();
    }
}

/// Looks up by what these are to be paid.
struct Seeing<'a>(&'a mut [Payment]);

impl Statement for Seeing<'_> {
    type Output = (Means, HashSet<usize>);

    async fn run(self, conn: &mut PgConnection) -> Result<Self::Output, sqlx::Error> {
        Means::of_all(conn, self.0).await
    }
}

/// What is to be opened of a group.
#[derive(Default)]
struct Fresh<'a> {
    /// Where each stands in the group, and its key.
    asked: Vec<(usize, &'a KeyedRequest)>,
    payments: Vec<Payment>,
    operations: Vec<Transaction>,
}

impl Payments {
    /// Claims and writes what of `group` is new, in one statement; returns it by its places in the group.
    async fn open(&self, places: &mut Places, group: &[Incoming]) -> Result<HashMap<usize, Opened>, Failed> {
        let now = self.now();
        let Fresh {
            asked,
            mut payments,
            operations,
        } = self.fresh(group, now);
        let has_token = |payment: &Payment| payment.tenders.iter().any(|tender| tender.token.is_some());
        let none = FirstEvents::default();
        let (means, detached) = if payments.iter().any(has_token) {
            places.seeing.run(&none, Seeing(&mut payments)).await?
        } else {
            Default::default()
        };
        let fresh = asked.into_iter().zip(payments).enumerate();
        let usable = fresh.filter(|(place, _)| !detached.contains(place));
        let (asked, drafts): (Vec<_>, Vec<_>) = usable
            .map(|(_, ((place, key), payment))| {
                let answer = None;
                (place, Draft { key, payment, answer })
            })
            .unzip();
        let writing = Writing {
            drafts: &drafts,
            operations: &operations,
            means: &means,
            events: &none,
            status: CREATED,
            lease: self.lease(),
            now,
        };
        let written = places.writing.run(&none, writing).await?;
        let mut operations: HashMap<_, _> = operations.into_iter().map(|o| (o.payment_id, o)).collect();
        let mut opened = HashMap::with_capacity(written.len());
        for (place, draft) in asked.into_iter().zip(drafts) {
            let Draft { key, payment, .. } = draft;
            if written.contains(&payment.id)
                && let Some(operation) = operations.remove(&payment.id)
            {
                let granted = Granted::first(key);
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
        Ok(opened)
    }

    /// Of two with the same key or order reference one goes ahead; the other finds it made.
    fn fresh<'a>(&self, group: &'a [Incoming], now: DateTime<Utc>) -> Fresh<'a> {
        let due_at = now + self.lease();
        let (mut keys, mut names) = (HashSet::new(), HashSet::new());
        let mut fresh = Fresh::default();
        for (place, incoming) in group.iter().enumerate() {
            let Incoming {
                caller, key, order, ..
            } = incoming;
            let Some(connector) = order.connector else {
                continue;
            };
            if keys.contains(&key.scope) || !names.insert((&caller.id, &order.order_reference)) {
                continue;
            }
            keys.insert(key.scope);
            let order = order.clone();
            let (payment, begun) =
                order.into_opened(connector, &caller.id, now, OperationState::Sent, Some(due_at));
            fresh.asked.push((place, key));
            fresh.payments.push(payment);
            fresh.operations.extend(begun);
        }
        fresh
    }
}
