//! Many payments in one request, each answered by itself.

use std::sync::Arc;

use contracts::Caller;
use once::{Answer, Claim, Granted, KeyedRequest};
use telemetry::TraceContext;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::record::{Fresh, record};
use super::write::Places;
use super::{Answered, Incoming, LEASE_MARGIN, Payments, count, keep, settled};
use crate::domain::{ConnectorName, Order};
use crate::error::Error;
use crate::view::{BatchAnswer, PaymentView, Settled};

/// Payments of one batch that wait for a connector at the same time.
const SIDE_BY_SIDE: u32 = 32;

/// A batch of payments, each checked as far as that needs no database.
pub struct BatchRequest {
    /// Who asks.
    pub caller: Caller,
    /// The key of the whole.
    pub key: KeyedRequest,
    /// In which trace.
    pub trace: TraceContext,
    /// The payments.
    pub items: Vec<BatchItem>,
}

/// One payment of a batch.
pub struct BatchItem {
    /// Its own key.
    pub key: KeyedRequest,
    /// As it was understood, or why it is refused.
    pub order: Result<Order, Error>,
}

impl BatchItem {
    /// Whether one transaction can decide on it for good: it calls no connector and waits for nobody.
    fn is_decided_here(&self) -> bool {
        match &self.order {
            Ok(order) => order.connector == Some(ConnectorName::External),
            Err(refusal) => !refusal.is_passing(),
        }
    }
}

impl Payments {
    /// Makes the payments. Where all of them are external, key, payments, events and answer are one transaction.
    ///
    /// An answer is kept only where it is final for every payment: while one of them failed by what passes, a repeat
    /// works on the batch again, and each payment that was made is told again by its own key.
    pub async fn make_batch(&self, mut request: BatchRequest) -> Result<Answered, Error> {
        self.check_partners_of(&mut request.items).await?;
        self.find_methods_of(&request.caller, &mut request.items).await?;
        if let Ok(size) = u32::try_from(request.items.len()) {
            metrics::histogram!("jeongsan_payment_batch_size").record(f64::from(size));
        }
        if request.items.iter().all(BatchItem::is_decided_here) {
            match self.record_batch(&request).await {
                Ok(Some(answered)) => return Ok(answered),
                Ok(None) => {}
                // One of them is not to the database's liking: they are tried one by one, each under its own key.
                Err(Error::Database(error)) => {
                    tracing::warn!(error = %error, "a batch was refused; its items are tried alone");
                }
                Err(error) => return Err(error),
            }
        }
        self.make_each(request).await
    }

    /// Refuses items whose partners may not sell.
    async fn check_partners_of(&self, items: &mut [BatchItem]) -> Result<(), Error> {
        let orders: Vec<Order> = items
            .iter()
            .filter_map(|i| i.order.as_ref().ok().cloned())
            .collect();
        let sales: Vec<_> = orders.iter().map(Order::sale).collect();
        let mut verdicts = self.0.partners.check(&sales).await?.into_iter();
        for item in items.iter_mut().filter(|item| item.order.is_ok()) {
            if let Some(Err(error)) = verdicts.next() {
                item.order = Err(error);
            }
        }
        Ok(())
    }

    /// All of them at once; none where an earlier claim, dead or given up by now, had begun to make them one by one, or
    /// where one of them is for a later time.
    async fn record_batch(&self, request: &BatchRequest) -> Result<Option<Answered>, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let granted = match once::claim(work.conn(), &request.key, now, self.lease()).await? {
            Claim::Granted(granted) => granted,
            other => return settled(other).map(Some),
        };
        if granted.subject.is_some() {
            work.roll_back().await?;
            return Ok(None);
        }
        let fresh = request
            .items
            .iter()
            .filter_map(|item| item.order.as_ref().ok())
            .map(|order| Fresh {
                caller: request.caller.id.clone(),
                order: order.clone(),
                trace: request.trace,
            })
            .collect();
        let verdicts = record(&mut work, fresh, now).await?;
        if verdicts.iter().any(is_passing) {
            work.roll_back().await?;
            return Ok(None);
        }
        let completed: Vec<_> = verdicts.iter().filter_map(|v| v.as_ref().ok().cloned()).collect();
        let mut verdicts = verdicts.into_iter();
        let mut results = Vec::with_capacity(request.items.len());
        for (index, item) in request.items.iter().enumerate() {
            results.push(match &item.order {
                Ok(_) => match verdicts.next().unwrap_or(Err(Error::KeyRunning)) {
                    Ok(payment) => Settled::made(index, 201, PaymentView::from(&payment)),
                    Err(refusal) => Settled::refused(index, &refusal),
                },
                Err(refusal) => Settled::refused(index, refusal),
            });
        }
        let answer = answer_of_all(results)?;
        keep(&mut work, &granted, &answer).await?;
        work.commit().await?;
        completed.iter().for_each(count);
        Ok(Some(Answered::first(answer)))
    }

    /// Makes them one by one, each under a key of its own, so that a repeat after a crash goes on where this ended.
    async fn make_each(&self, request: BatchRequest) -> Result<Answered, Error> {
        let granted = match self.claim_batch(&request).await? {
            Ok(granted) => granted,
            Err(answered) => return Ok(answered),
        };
        let mut outcomes = Vec::with_capacity(request.items.len());
        let (mut recorded, mut places) = (Vec::new(), Vec::new());
        let mut working = JoinSet::new();
        let permits = Arc::new(Semaphore::new(usize::try_from(SIDE_BY_SIDE).unwrap_or(1)));
        for (index, BatchItem { key, order }) in request.items.into_iter().enumerate() {
            let caller = request.caller.clone();
            let trace = request.trace;
            let incoming = |order| Incoming {
                caller,
                key,
                order,
                trace,
            };
            let order = match order {
                Ok(order) if order.connector == Some(ConnectorName::External) => {
                    places.push(index);
                    recorded.push(incoming(order));
                    continue;
                }
                other => other.map(incoming),
            };
            let (payments, permits) = (self.clone(), Arc::clone(&permits));
            let work = async move {
                // The semaphore is never closed, so there is always a permit in the end.
                let _permit = permits.acquire().await;
                let outcome = match order {
                    Ok(incoming) => payments.accept(incoming).await,
                    // An earlier claim of this batch may have made it, when it was not to be refused yet.
                    Err(refusal) => payments.unless_answered(&key, refusal, 201).await,
                };
                (index, outcome)
            };
            working.spawn(telemetry::with_trace(trace, work));
        }
        if !recorded.is_empty() {
            let recorded = self
                .record_or_bisect(&mut Places::of(&self.0.outbox), recorded)
                .await;
            outcomes.extend(places.into_iter().zip(recorded.into_iter().map(read)));
        }
        while let Some(done) = working.join_next().await {
            let (index, outcome) = done.map_err(|error| Error::NotNow(error.to_string()))?;
            outcomes.push((index, read(outcome)));
        }
        outcomes.sort_by_key(|(index, _)| *index);
        let is_final = !outcomes.iter().any(|(_, outcome)| is_passing(outcome));
        let answer = answer_of_all(outcomes.into_iter().map(told).collect())?;
        let mut work = self.0.outbox.begin().await?;
        if is_final {
            keep(&mut work, &granted, &answer).await?;
        } else {
            once::give_up(work.conn(), &granted).await?;
        }
        work.commit().await?;
        Ok(Answered::first(answer))
    }

    /// Claims the batch for as long as its slowest course takes.
    async fn claim_batch(&self, request: &BatchRequest) -> Result<Result<Granted, Answered>, Error> {
        let rounds = u32::try_from(request.items.len())
            .unwrap_or(u32::MAX)
            .div_ceil(SIDE_BY_SIDE);
        let lease = self.lease().saturating_mul(rounds.max(1)) + LEASE_MARGIN;
        let mut work = self.0.outbox.begin().await?;
        let granted = match once::claim(work.conn(), &request.key, self.now(), lease).await? {
            Claim::Granted(granted) => granted,
            other => return settled(other).map(Err),
        };
        once::subject(work.conn(), &granted, "batch").await?;
        work.commit().await?;
        Ok(Ok(granted))
    }
}

fn is_passing<T>(outcome: &Result<T, Error>) -> bool {
    outcome.as_ref().is_err_and(Error::is_passing)
}

/// An answer taken apart again: it may be one that was kept under the item's key.
fn read(outcome: Result<Answered, Error>) -> Result<(u16, PaymentView), Error> {
    let answer = outcome?.answer;
    Ok((answer.status, serde_json::from_slice(&answer.body)?))
}

fn told((index, outcome): (usize, Result<(u16, PaymentView), Error>)) -> Settled {
    match outcome {
        Ok((status, payment)) => Settled::made(index, status, payment),
        Err(refusal) => Settled::refused(index, &refusal),
    }
}

fn answer_of_all(results: Vec<Settled>) -> Result<Answer, Error> {
    Ok(Answer {
        status: 200,
        body: serde_json::to_vec(&BatchAnswer { results })?,
        subject: None,
    })
}
