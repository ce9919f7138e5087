//! Group commit: requests that arrive together are recorded together, in one transaction.

use std::time::Duration;

use bus::Work;
use once::{Answer, Claim, Granted};

use super::at_once::Outcome;
use super::record::{Fresh, record};
use super::together::Together;
use super::write::Places;
use super::{Answered, Incoming, Payments, answer_of, count, settled};
use crate::error::Error;

/// Payments that need no connector are recorded.
#[derive(Clone)]
pub struct Recorder(pub(super) Payments);

impl Together for Recorder {
    const NAME: &'static str = "record";
    const GROUP: usize = 500;
    const SIDE_BY_SIDE: usize = 2;
    const PATIENCE: Duration = Duration::from_micros(100);
    type Item = Incoming;
    type Outcome = Result<Answered, Error>;
    type Place = Places;

    fn place(&self) -> Places {
        Places::of(&self.0.0.outbox)
    }

    async fn go(&self, places: &mut Places, group: Vec<Incoming>) -> Vec<Result<Answered, Error>> {
        self.0.record_or_bisect(places, group).await
    }
}

impl Payments {
    /// Records what is new of a group in one statement, and settles the rest in a transaction of several. A database
    /// that is not there is not asked five hundred times.
    pub(super) async fn record_or_bisect(
        &self,
        places: &mut Places,
        all: Vec<Incoming>,
    ) -> Vec<Result<Answered, Error>> {
        let outcomes = match self.record_at_once(places, &all).await {
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
