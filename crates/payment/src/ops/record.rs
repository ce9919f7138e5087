//! Writes many payments that need no connector, whole, in few round trips.

use std::collections::HashMap;

use bus::Work;
use chrono::{DateTime, Utc};
use ids::PaymentId;
use telemetry::{TraceContext, with_trace};

use crate::domain::{Order, Payment};
use crate::error::Error;
use crate::store::payments;

/// A payment that is to be recorded.
pub(super) struct Fresh {
    pub(super) caller: String,
    pub(super) order: Order,
    pub(super) trace: TraceContext,
}

/// Writes the payments and publishes that they are completed; the verdicts stand in the order of `fresh`. One whose
/// order reference is taken, by another payment or by an earlier one of this batch, is told by whom. Only a failure
/// of the database is an error of them all.
pub(super) async fn record(
    work: &mut Work,
    fresh: Vec<Fresh>,
    now: DateTime<Utc>,
) -> Result<Vec<Result<Payment, Error>>, Error> {
    let mut traces = Vec::with_capacity(fresh.len());
    let mut made = Vec::with_capacity(fresh.len());
    let mut operations = Vec::with_capacity(fresh.len());
    for Fresh { caller, order, trace } in fresh {
        let (payment, done) = order.into_recorded(&caller, now);
        traces.push(trace);
        made.push(payment);
        operations.extend(done);
    }
    // Of two with the same reference in one batch the first counts.
    let mut firsts: HashMap<(&str, &str), &Payment> = HashMap::with_capacity(made.len());
    for payment in &made {
        firsts.entry(name(payment)).or_insert(payment);
    }
    let distinct: Vec<&Payment> = made
        .iter()
        .filter(|p| firsts.get(&name(p)).is_some_and(|first| first.id == p.id))
        .collect();
    let written = payments::insert(work.conn(), &distinct, &operations).await?;
    let mut holders: HashMap<(String, String), PaymentId> = HashMap::new();
    if written.len() < distinct.len() {
        let left_out: Vec<_> = distinct
            .iter()
            .filter(|p| !written.contains(&p.id))
            .map(|p| name(p))
            .collect();
        for (caller, reference, id) in payments::holders(work.conn(), &left_out).await? {
            holders.insert((caller, reference), id);
        }
    }
    for payment in &distinct {
        if written.contains(&payment.id) {
            holders.insert(
                (payment.caller.clone(), payment.order_reference.clone()),
                payment.id,
            );
        }
    }
    let mut verdicts = Vec::with_capacity(made.len());
    for (payment, trace) in made.into_iter().zip(traces) {
        if written.contains(&payment.id) {
            with_trace(trace, async { work.publish(&payment.completed(), now) }).await?;
            verdicts.push(Ok(payment));
        } else {
            verdicts.push(Err(taken(payment, &holders)));
        }
    }
    Ok(verdicts)
}

fn name(payment: &Payment) -> (&str, &str) {
    (&payment.caller, &payment.order_reference)
}

fn taken(payment: Payment, holders: &HashMap<(String, String), PaymentId>) -> Error {
    let name = (payment.caller, payment.order_reference);
    match holders.get(&name) {
        Some(holder) => Error::AlreadyExists {
            order_reference: name.1,
            payment_id: *holder,
        },
        // Its holder failed in between, so the reference is free again.
        None => Error::NotNow(format!("the order reference {} was just given up", name.1)),
    }
}
