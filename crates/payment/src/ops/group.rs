//! Group commit: requests that arrive together are recorded together, in one transaction.

use std::time::Duration;

use bus::{AtOnce, Work};
use once::{Answer, Claim, Granted};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::at_once::Outcome;
use super::record::{Fresh, record};
use super::{Answered, Incoming, Payments, answer_of, count, settled};
use crate::error::Error;

/// Requests that one transaction records at most.
const GROUP: usize = 500;
/// Groups that are under way at the same time.
const RECORDERS: usize = 2;
/// How long connections are kept while nothing arrives.
const IDLE: Duration = Duration::from_millis(100);

/// A request that waits for its turn.
pub struct Waiting {
    incoming: Incoming,
    reply: oneshot::Sender<Result<Answered, Error>>,
}

impl Payments {
    /// Has one payment recorded with whatever else arrives at the time.
    pub(super) async fn queue(&self, incoming: Incoming) -> Result<Answered, Error> {
        let stopping = || Error::NotNow("the service is stopping".to_owned());
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { incoming, reply };
        self.0.recorder.send(waiting).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// Records what is in the queue until `stop`. What arrives while all recorders are at work is the next group: at low
    /// load a group is one payment and waits for nothing, at high load the disk is waited for once for many. While one
    /// recorder waits for the database, another has the next group written: so the disk, the server and this process
    /// work at the same time.
    pub async fn record_groups(self, mut queue: mpsc::Receiver<Waiting>, stop: CancellationToken) {
        // The place that was used last is used next: at low load one connection has all that the server and the
        // processor remember of it at hand.
        let mut places: Vec<AtOnce> = (0..RECORDERS).map(|_| self.0.outbox.at_once()).collect();
        let mut recorders = JoinSet::new();
        let mut group = Vec::new();
        loop {
            tokio::select! {
                biased;
                Some(ended) = recorders.join_next() => places.push(self.place_of(ended)),
                () = stop.cancelled() => break,
                count = queue.recv_many(&mut group, GROUP), if !places.is_empty() => {
                    if count == 0 {
                        break;
                    }
                    let place = places.pop().unwrap_or_else(|| self.0.outbox.at_once());
                    recorders.spawn(self.clone().record(place, std::mem::take(&mut group)));
                }
                // A connection that nobody needs is another's.
                () = tokio::time::sleep(IDLE), if places.iter().any(AtOnce::is_kept) => {
                    places.iter_mut().for_each(AtOnce::rest);
                }
            }
        }
        while recorders.join_next().await.is_some() {}
    }

    fn place_of(&self, ended: Result<AtOnce, JoinError>) -> AtOnce {
        ended.unwrap_or_else(|error| {
            tracing::error!(error = %error, "a recorder ended by itself");
            self.0.outbox.at_once()
        })
    }

    async fn record(self, mut place: AtOnce, group: Vec<Waiting>) -> AtOnce {
        if let Ok(size) = u32::try_from(group.len()) {
            metrics::histogram!("jeongsan_payment_group_size").record(f64::from(size));
        }
        let (all, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|w| (w.incoming, w.reply)).unzip();
        let outcomes = self.record_or_bisect(&mut place, all).await;
        for (outcome, reply) in outcomes.into_iter().zip(replies) {
            // A client that went away comes again with its key.
            let _gone = reply.send(outcome);
        }
        place
    }

    /// Records what is new of a group in one statement, and settles the rest in a transaction of several. A database
    /// that is not there is not asked five hundred times.
    pub(super) async fn record_or_bisect(
        &self,
        place: &mut AtOnce,
        all: Vec<Incoming>,
    ) -> Vec<Result<Answered, Error>> {
        let outcomes = match self.record_at_once(place, &all).await {
            Ok(outcomes) => outcomes,
            Err(Error::NotNow(reason)) => return put_off(&all, &reason),
            Err(error) => {
                tracing::warn!(error = %error, items = all.len(), "a group was not recorded at once");
                all.iter().map(|_| None).collect()
            }
        };
        let is_open = |(_, outcome): &(_, &Outcome)| outcome.is_none();
        let open = all.into_iter().zip(&outcomes).filter(is_open);
        let open: Vec<Incoming> = open.map(|(incoming, _)| incoming).collect();
        if open.is_empty() {
            return outcomes.into_iter().flatten().collect();
        }
        let mut settled = self.record_in_steps(open).await.into_iter();
        let outcomes = outcomes.into_iter();
        outcomes
            .map(|outcome| {
                outcome
                    .or_else(|| settled.next())
                    .unwrap_or(Err(Error::KeyRunning))
            })
            .collect()
    }

    /// Records a group as one, or, where the database refuses it, one by one: a bad item costs its neighbours
    /// nothing.
    async fn record_in_steps(&self, all: Vec<Incoming>) -> Vec<Result<Answered, Error>> {
        let error = match self.record_keyed(&all).await {
            Ok(outcomes) => return outcomes,
            Err(error) => error,
        };
        if all.len() == 1 {
            return vec![Err(error)];
        }
        if let Error::NotNow(reason) = error {
            return put_off(&all, &reason);
        }
        tracing::warn!(error = %error, items = all.len(), "a group was refused; its items are tried alone");
        let mut outcomes = Vec::with_capacity(all.len());
        for incoming in all {
            let alone = self.record_keyed(std::slice::from_ref(&incoming)).await;
            outcomes.push(alone.and_then(|mut one| one.pop().unwrap_or(Err(Error::KeyRunning))));
        }
        outcomes
    }

    /// Keys, payments, events and answers in one transaction.
    async fn record_keyed(&self, all: &[Incoming]) -> Result<Vec<Result<Answered, Error>>, Error> {
        let now = self.now();
        let keys: Vec<_> = all.iter().map(|i| i.key).collect();
        let mut work = self.0.outbox.begin().await?;
        let claims = once::claim_many(work.conn(), &keys, now, self.lease()).await?;
        let fresh = all
            .iter()
            .zip(&claims)
            .filter(|(_, claim)| matches!(claim, Claim::Granted(_)))
            .map(|(incoming, _)| Fresh {
                caller: incoming.caller.id.clone(),
                order: incoming.order.clone(),
                trace: incoming.trace,
            })
            .collect();
        let mut verdicts = record(&mut work, fresh, now).await?.into_iter();
        let mut outcomes = Vec::with_capacity(all.len());
        let mut kept: Vec<(Granted, Answer)> = Vec::with_capacity(all.len());
        let mut completed = Vec::with_capacity(all.len());
        for claim in claims {
            let Claim::Granted(granted) = claim else {
                outcomes.push(settled(claim));
                continue;
            };
            match verdicts.next().unwrap_or(Err(Error::KeyRunning)) {
                Ok(payment) => {
                    let answer = answer_of(&payment, 201)?;
                    kept.push((granted, answer.clone()));
                    completed.push(payment);
                    outcomes.push(Ok(Answered::first(answer)));
                }
                Err(refusal) => {
                    once::release(work.conn(), &granted).await?;
                    outcomes.push(Err(refusal));
                }
            }
        }
        keep_all(&mut work, &kept).await?;
        work.commit().await?;
        completed.iter().for_each(count);
        let made = keys.iter().zip(&outcomes).filter_map(|(key, outcome)| {
            let answered = outcome.as_ref().ok().filter(|answered| !answered.is_replay)?;
            Some((key, &answered.answer))
        });
        self.0.hints.put_all(made).await;
        Ok(outcomes)
    }
}

/// The outcome is not known, or there is none yet: all of them come again, under their keys.
fn put_off(all: &[Incoming], reason: &str) -> Vec<Result<Answered, Error>> {
    all.iter()
        .map(|_| Err(Error::NotNow(reason.to_owned())))
        .collect()
}

async fn keep_all(work: &mut Work, kept: &[(Granted, Answer)]) -> Result<(), Error> {
    if kept.is_empty() {
        return Ok(());
    }
    let pairs: Vec<_> = kept.iter().map(|(granted, answer)| (granted, answer)).collect();
    let count = once::answer_many(work.conn(), &pairs).await?;
    // The claims are of this very transaction: nobody else can have taken one over.
    if usize::try_from(count) == Ok(kept.len()) {
        Ok(())
    } else {
        Err(Error::KeyRunning)
    }
}
