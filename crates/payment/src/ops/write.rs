//! What of several payments is new, written in one statement.

use std::collections::HashSet;

use bus::{AtOnce, Outbox};
use chrono::{DateTime, Utc};

use super::together::Place;
use super::{CREATED, Incoming, Payments};
use crate::store::payment_methods::Means;
use crate::store::writing::{Draft, Taken, Writing, is_taken};

/// Where a group is written.
pub struct Places {
    /// Where is looked up what it needs to know, by its keys.
    pub(super) seeing: AtOnce,
    writing: AtOnce,
}

impl Places {
    /// New ones.
    pub(super) fn of(outbox: &Outbox) -> Self {
        Self {
            seeing: outbox.at_once_by_key(),
            writing: outbox.at_once(),
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
    /// is taken is rare: all are written as if there were none, and where the database refuses that, the others once more
    /// without them.
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
        let rest = Writing {
            drafts: &[],
            means,
            status: CREATED,
            lease: self.lease(),
            now,
        };
        match places.writing.run(Writing { drafts, ..rest }).await {
            Err(error) if is_taken(&error) => {}
            done => return done,
        }
        let taken = places.seeing.run(Taken(drafts)).await?;
        drafts.retain(|draft| !taken.contains(&draft.payment.id));
        if drafts.is_empty() {
            return Ok(());
        }
        places.writing.run(Writing { drafts, ..rest }).await
    }
}
