//! Many payments in one request, each answered by itself.

use std::sync::Arc;

use contracts::Caller;
use once::{Answer, Claim, Granted, KeyedRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use telemetry::TraceContext;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use utoipa::ToSchema;
use web::{IdempotencyKey, Problem};

use super::record::{Fresh, record};
use super::{Answered, Incoming, LEASE_MARGIN, Payments, count, keep, settled};
use crate::domain::{ConnectorName, Order};
use crate::error::Error;
use crate::view::PaymentView;

/// Payments of one batch that wait for a connector at the same time.
const SIDE_BY_SIDE: u32 = 32;

/// A batch of payments, each checked as far as that needs no database.
pub struct BatchRequest {
    /// Who asks.
    pub caller: Caller,
    /// The key of the whole.
    pub idempotency_key: IdempotencyKey,
    /// The same with route and body.
    pub key: KeyedRequest,
    /// In which trace.
    pub trace: TraceContext,
    /// The payments.
    pub items: Vec<BatchItem>,
}

/// One payment of a batch.
pub struct BatchItem {
    /// As it was sent.
    pub body: Value,
    /// As it was understood, or why it was not.
    pub order: Result<Order, Problem>,
}

/// What became of one payment of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settled {
    /// Its place in the request, from 0.
    pub index: usize,
    /// The HTTP status that it would have had alone.
    pub status: u16,
    /// The payment, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentView>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl Settled {
    fn made(index: usize, status: u16, payment: PaymentView) -> Self {
        Self {
            index,
            status,
            payment: Some(payment),
            problem: None,
        }
    }

    fn refused(index: usize, problem: Problem) -> Self {
        Self {
            index,
            status: problem.status,
            payment: None,
            problem: Some(problem),
        }
    }
}

impl Payments {
    /// Makes the payments. Where all of them are external, key, payments, events and answer are one transaction.
    pub async fn make_batch(&self, mut request: BatchRequest) -> Result<Answered, Error> {
        self.check_partners_of(&mut request.items).await?;
        if let Ok(size) = u32::try_from(request.items.len()) {
            metrics::histogram!("jeongsan_payment_batch_size").record(f64::from(size));
        }
        let asks_outside =
            |item: &BatchItem| matches!(&item.order, Ok(order) if order.connector != ConnectorName::External);
        if !request.items.iter().any(asks_outside) {
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
        let mut verdicts = self.0.partners.check(&orders).await?.into_iter();
        for item in items.iter_mut().filter(|item| item.order.is_ok()) {
            if let Some(Err(error)) = verdicts.next() {
                item.order = Err(error.into());
            }
        }
        Ok(())
    }

    /// All of them at once; none where an earlier claim, dead by now, had begun to make them one by one.
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
        let completed: Vec<_> = verdicts.iter().filter_map(|v| v.as_ref().ok().cloned()).collect();
        let mut verdicts = verdicts.into_iter();
        let mut results = Vec::with_capacity(request.items.len());
        for (index, item) in request.items.iter().enumerate() {
            let verdict = match &item.order {
                Ok(_) => verdicts
                    .next()
                    .unwrap_or(Err(Error::KeyRunning))
                    .map_err(Problem::from),
                Err(problem) => Err(problem.clone()),
            };
            results.push(match verdict {
                Ok(payment) => Settled::made(index, 201, PaymentView::from(&payment)),
                Err(problem) => Settled::refused(index, problem),
            });
        }
        let answer = answer_of_all(&results)?;
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
        let mut results = Vec::with_capacity(request.items.len());
        let (mut recorded, mut places) = (Vec::new(), Vec::new());
        let mut working = JoinSet::new();
        let permits = Arc::new(Semaphore::new(usize::try_from(SIDE_BY_SIDE).unwrap_or(1)));
        for (index, item) in request.items.into_iter().enumerate() {
            let order = match item.order {
                Ok(order) => order,
                Err(problem) => {
                    results.push(Settled::refused(index, problem));
                    continue;
                }
            };
            let route = format!("POST /v1/payments/batch#{index}");
            let incoming = Incoming {
                key: KeyedRequest::new(&request.caller, &route, &request.idempotency_key, &item.body),
                caller: request.caller.clone(),
                order,
                trace: request.trace,
            };
            if incoming.order.connector == ConnectorName::External {
                places.push(index);
                recorded.push(incoming);
                continue;
            }
            let (payments, permits) = (self.clone(), Arc::clone(&permits));
            let work = async move {
                // The semaphore is never closed, so there is always a permit in the end.
                let _permit = permits.acquire().await;
                (index, payments.accept(incoming).await)
            };
            working.spawn(telemetry::with_trace(request.trace, work));
        }
        if !recorded.is_empty() {
            let outcomes = self.record_or_bisect(recorded).await;
            for (index, outcome) in places.into_iter().zip(outcomes) {
                results.push(told(index, outcome));
            }
        }
        while let Some(done) = working.join_next().await {
            let (index, outcome) = done.map_err(|error| Error::NotNow(error.to_string()))?;
            results.push(told(index, outcome));
        }
        results.sort_by_key(|result| result.index);
        let answer = answer_of_all(&results)?;
        let mut work = self.0.outbox.begin().await?;
        keep(&mut work, &granted, &answer).await?;
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

fn told(index: usize, outcome: Result<Answered, Error>) -> Settled {
    let read = |answered: Answered| {
        let payment = serde_json::from_slice(&answered.answer.body)?;
        Ok(Settled::made(index, answered.answer.status, payment))
    };
    outcome
        .and_then(read)
        .unwrap_or_else(|error| Settled::refused(index, error.into()))
}

fn answer_of_all(results: &[Settled]) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Results<'a> {
        results: &'a [Settled],
    }
    Ok(Answer {
        status: 200,
        body: serde_json::to_vec(&Results { results })?,
        subject: None,
    })
}
