//! What of several payments is new, written together.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bus::{AtOnce, Outbox};
use chrono::{DateTime, Utc};

use super::together::Place;
use super::{CREATED, Incoming, LEASE_MARGIN, Payments};
use crate::store::payment_methods::Means;
use crate::store::writing::{Draft, Taken, Writing, is_taken};

/// How many refusals are met by leaving out what stands in the way. There may be more of it each time, of what others do
/// meanwhile.
const TRIES: u32 = 3;
/// How long after a refusal what stands in the way is looked for before anything is written: one who repeats what is taken
/// again and again must not have every group written twice.
const WARY: Duration = Duration::from_secs(1);

/// Where a group is written.
pub struct Places {
    /// Where is looked up what it needs to know, by its keys.
    pub(super) seeing: AtOnce,
    writing: AtOnce,
    /// When a group was refused last.
    refused: Option<Instant>,
}

impl Places {
    /// New ones.
    pub(super) fn of(outbox: &Outbox) -> Self {
        Self {
            seeing: outbox.at_once_by_key(),
            writing: outbox.at_once(),
            refused: None,
        }
    }

    fn is_wary(&self) -> bool {
        self.refused.is_some_and(|at| at.elapsed() < WARY)
    }

    /// Gives up where things are looked up, unless it is about to be needed again.
    pub(super) fn rest_seeing(&mut self) {
        if !self.is_wary() {
            self.seeing.rest();
        }
    }
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

/// Of several with the same key or order reference the first goes ahead; the others find it made.
pub(super) fn firsts(all: &[Incoming]) -> impl Iterator<Item = &Incoming> {
    let (mut keys, mut names) = (HashSet::new(), HashSet::new());
    all.iter().filter(move |incoming| {
        let name = (&incoming.caller.id, &incoming.order.order_reference);
        keys.insert(incoming.key.scope) && names.insert(name)
    })
}

impl Payments {
    /// Writes what of `drafts` is new, and leaves in `drafts` only that. A key that was used before or an order reference that
    /// is taken is rare: all are written as if there were none. Where the database refuses that, what stands in the way is left
    /// out, and the others are written without it.
    ///
    /// # Errors
    /// As of [`AtOnce::run`]: an error of the database says that nothing was written.
    pub(super) async fn write(
        &self,
        places: &mut Places,
        drafts: &mut Vec<Draft<'_>>,
        means: &Means,
        now: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let begin = Instant::now();
        let mut refusals = 0;
        loop {
            if refusals > 0 || places.is_wary() {
                let taken = places.seeing.run(Taken(drafts)).await?;
                drafts.retain(|draft| !taken.contains(&draft.payment.id));
            }
            // Leases run from `now` on. What was held up too long before it is written is done alone, with leases of its own.
            if drafts.is_empty() || begin.elapsed() > LEASE_MARGIN {
                drafts.clear();
                return Ok(());
            }
            let writing = Writing {
                drafts,
                means,
                status: CREATED,
                lease: self.lease(),
                now,
            };
            match places.writing.run(writing).await {
                Err(error) if is_taken(&error) && refusals < TRIES => {
                    refusals += 1;
                    places.refused = Some(Instant::now());
                }
                done => return done,
            }
        }
    }
}
