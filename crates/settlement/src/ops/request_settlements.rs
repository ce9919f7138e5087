//! Asks for windows that have ended to be settled: by the clock, or by hand.

use std::time::Duration;

use bus::{Outbox, Work};
use chrono::{DateTime, Utc};
use contracts::events::SettlementRequested;
use lease::Term;
use once::{Answer, Claim, KeyedRequest};

use crate::Error;
use crate::store::holds::{self, Standing};
use crate::store::windows::{self, Ended};

/// Windows requested by the scheduler in one transaction at most.
const CHUNK: i64 = 500;

/// That everything acknowledged by then was taken in, and which hold was the last one ever at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaughtUp {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The number of the last hold.
    pub generation: i64,
}

/// Whether nothing holds settlement back; the number of the last hold if so. To be asked before looking whether
/// everything was taken in: what was sent under a hold was committed before the hold ended.
pub async fn unheld(outbox: &Outbox, now: DateTime<Utc>) -> Result<Option<i64>, Error> {
    let mut work = outbox.begin().await?;
    let standing = holds::standing(work.conn(), now).await?;
    Ok(standing.running.is_none().then_some(standing.generation))
}

/// Requests windows that had ended, and were there, when everything was taken in; at most 500. None where a hold
/// lasts or has come since: then look again whether everything was taken in. Refused where `term` is over.
pub async fn request_ended(
    outbox: &Outbox,
    term: &Term,
    caught_up: CaughtUp,
    now: DateTime<Utc>,
) -> Result<Option<usize>, Error> {
    let mut work = outbox.begin().await?;
    term.check(work.conn()).await?;
    holds::keep_out(work.conn()).await?;
    let standing = holds::standing(work.conn(), now).await?;
    if standing.running.is_some() || standing.generation != caught_up.generation {
        return Ok(None);
    }
    let wanted = Ended {
        limit: Some(CHUNK),
        ..Ended::default()
    };
    let requested = request(&mut work, &wanted, caught_up.at, "scheduler", now).await?;
    work.commit().await?;
    Ok(Some(requested))
}

/// What became of a request by hand.
#[derive(Debug)]
pub enum ByHand {
    /// Done now, or answered before: status and body, and whether it is a repeat.
    Answered(Answer, bool),
    /// The first request with this key is still running.
    Running,
    /// The key was used with another body.
    KeyReused,
}

/// Requests every window that has ended and fits `wanted`, once per key. Refused while a hold lasts.
pub async fn request_by_hand(
    outbox: &Outbox,
    keyed: &KeyedRequest,
    wanted: &Ended,
    requested_by: &str,
    now: DateTime<Utc>,
    answer: impl FnOnce(usize) -> Answer,
) -> Result<ByHand, Error> {
    let mut work = outbox.begin().await?;
    let granted = match once::claim(work.conn(), keyed, now, Duration::from_mins(1)).await? {
        Claim::Granted(granted) => granted,
        Claim::Answered(answer) => return Ok(ByHand::Answered(answer, true)),
        Claim::Running => return Ok(ByHand::Running),
        Claim::Reused => return Ok(ByHand::KeyReused),
    };
    holds::keep_out(work.conn()).await?;
    refuse_if_held(holds::standing(work.conn(), now).await?)?;
    let requested = request(&mut work, wanted, now, requested_by, now).await?;
    let answer = answer(requested);
    if !once::answer(work.conn(), &granted, &answer).await? {
        return Ok(ByHand::Running);
    }
    work.commit().await?;
    Ok(ByHand::Answered(answer, false))
}

fn refuse_if_held(standing: Standing) -> Result<(), Error> {
    standing.running.map_or(Ok(()), |hold| {
        Err(Error::Held {
            hold_id: ids::HoldId::from_uuid(hold.id),
            reason: hold.reason,
            expires_at: hold.expires_at,
        })
    })
}

async fn request(
    work: &mut Work,
    wanted: &Ended,
    by: DateTime<Utc>,
    requested_by: &str,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let windows = windows::request_ended(work.conn(), wanted, by, now).await?;
    for window_id in &windows {
        let event = SettlementRequested {
            window_id: *window_id,
            requested_by: requested_by.to_owned(),
        };
        work.publish(&event, now)?;
    }
    Ok(windows.len())
}
