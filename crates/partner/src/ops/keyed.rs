//! A request under an idempotency key: key, effect and answer in one transaction.

use std::time::Duration;

use bus::{Outbox, Work};
use chrono::{DateTime, Utc};
use once::{Answer, Claim, Granted, KeyedRequest};

use crate::error::Error;

/// Claims live and die with their transaction; the lease only has to outlast it.
const LEASE: Duration = Duration::from_mins(1);

/// Who asks, under which key, and when.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Key and body.
    pub(crate) keyed: KeyedRequest,
    /// The caller's id.
    pub(crate) caller: String,
    /// The present instant.
    pub(crate) now: DateTime<Utc>,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Status and body.
    pub(crate) answer: Answer,
    /// Whether this was answered before, and nothing was done now.
    pub(crate) replayed: bool,
}

/// A request that was let in.
pub(super) enum Entry {
    /// Do it, then [`leave`]. Dropped instead, the key is free again.
    Do(Work, Granted),
    /// It was done before.
    Done(Reply),
}

/// Begins the transaction and claims the key. A second request with the same key waits here for the first one's
/// transaction.
pub(super) async fn enter(outbox: &Outbox, request: &Request) -> Result<Entry, Error> {
    let mut work = outbox.begin().await?;
    match once::claim(work.conn(), &request.keyed, request.now, LEASE).await? {
        Claim::Granted(granted) => Ok(Entry::Do(work, granted)),
        Claim::Answered(answer) => Ok(Entry::Done(Reply {
            answer,
            replayed: true,
        })),
        Claim::Running => Err(Error::KeyRunning),
        Claim::Reused => Err(Error::KeyReused),
    }
}

/// Keeps the answer and commits.
pub(super) async fn leave(mut work: Work, granted: &Granted, answer: Answer) -> Result<Reply, Error> {
    if !once::answer(work.conn(), granted, &answer).await? {
        return Err(Error::KeyRunning);
    }
    work.commit().await?;
    Ok(Reply {
        answer,
        replayed: false,
    })
}
