//! Group commit: requests that arrive together are recorded together, in one transaction.

use bus::Work;
use once::{Answer, Claim, Granted};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::record::{Fresh, record};
use super::{Answered, Incoming, Payments, answer_of, count, settled};
use crate::error::Error;

/// Requests that one transaction records at most.
const GROUP: usize = 500;

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

    /// Records what is in the queue until `stop`. What arrives while one group is written is the next group: at low
    /// load a group is one payment and waits for nothing, at high load the disk is waited for once for many.
    pub async fn record_groups(self, mut queue: mpsc::Receiver<Waiting>, stop: CancellationToken) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            tokio::select! {
                biased;
                count = queue.recv_many(&mut group, GROUP) => if count == 0 { return },
                () = stop.cancelled() => return,
            }
            if let Ok(size) = u32::try_from(group.len()) {
                metrics::histogram!("jeongsan_payment_group_size").record(f64::from(size));
            }
            let (all, replies): (Vec<_>, Vec<_>) = group.drain(..).map(|w| (w.incoming, w.reply)).unzip();
            let outcomes = self.record_or_bisect(all).await;
            for (outcome, reply) in outcomes.into_iter().zip(replies) {
                // A client that went away comes again with its key.
                let _gone = reply.send(outcome);
            }
        }
    }

    /// Records a group as one, or, where the database refuses it, one by one: a bad item costs its neighbours
    /// nothing. A database that is not there is not asked five hundred times.
    pub(super) async fn record_or_bisect(&self, all: Vec<Incoming>) -> Vec<Result<Answered, Error>> {
        let error = match self.record_keyed(&all).await {
            Ok(outcomes) => return outcomes,
            Err(error) => error,
        };
        if all.len() == 1 {
            return vec![Err(error)];
        }
        if let Error::NotNow(reason) = error {
            return all.iter().map(|_| Err(Error::NotNow(reason.clone()))).collect();
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
