//! The usual case of a group: payments under new keys, with new order references, in one statement.

use std::collections::HashSet;
use std::time::Duration;

use bus::{AtOnce, FirstEvents};
use chrono::{DateTime, Utc};
use once::Answer;

use super::{Answered, CREATED, Incoming, Payments, answer_of, count};
use crate::domain::Transaction;
use crate::error::Error;
use crate::store::payment_methods::Means;
use crate::store::writing::{Draft, Writing};

/// What became of one of a group; none where it is still to be settled.
pub(super) type Outcome = Option<Result<Answered, Error>>;

impl Payments {
    /// Records what of `all` is new in one statement, which is one transaction: keys with their answers, payments and
    /// events. None stands for each that is not: its key was used before, or its order reference is taken, or somebody
    /// else is at work on either. None of all where the database refuses the statement.
    pub(super) async fn record_at_once(
        &self,
        place: &mut AtOnce,
        all: &[Incoming],
    ) -> Result<Vec<Outcome>, Error> {
        let now = self.now();
        let mut operations = Vec::with_capacity(all.len());
        let mut events = FirstEvents::default();
        let mut drafts = Vec::with_capacity(all.len());
        let (mut keys, mut names) = (HashSet::new(), HashSet::new());
        for incoming in all {
            // Of two with the same key or reference in one group the first goes ahead; the other finds it made.
            let name = (&incoming.caller.id, &incoming.order.order_reference);
            if keys.insert(incoming.key.scope) && names.insert(name) {
                drafts.push(draft(incoming, now, &mut operations, &mut events)?);
            }
        }
        let writing = Writing {
            drafts: &drafts,
            operations: &operations,
            // Nobody is asked for these payments, so nobody knows a token.
            means: &Means::default(),
            events: &events,
            status: CREATED,
            lease: Duration::ZERO,
            now,
        };
        let written = match place.run(&events, writing).await {
            Ok(written) => written,
            // Something in it is not to the database's liking, or somebody took a reference meanwhile.
            Err(sqlx::Error::Database(error)) => {
                tracing::debug!(error = %error, items = all.len(), "a group was not recorded at once");
                return Ok(all.iter().map(|_| None).collect());
            }
            Err(error) => return Err(error.into()),
        };
        let mut made: Vec<_> = drafts
            .into_iter()
            .filter(|d| written.contains(&d.payment.id))
            .collect();
        for draft in &made {
            count(&draft.payment);
        }
        let told = made.iter();
        let told = told.filter_map(|draft| Some((draft.key, draft.answer.as_ref()?)));
        self.0.hints.put_soon(told);
        made.reverse();
        let outcomes = all.iter().map(|incoming| {
            // Both stand in one order.
            let draft = made.pop_if(|draft| draft.key.scope == incoming.key.scope)?;
            draft.answer.map(Answered::first).map(Ok)
        });
        Ok(outcomes.collect())
    }
}

fn draft<'a>(
    incoming: &'a Incoming,
    now: DateTime<Utc>,
    operations: &mut Vec<Transaction>,
    events: &mut FirstEvents,
) -> Result<Draft<'a>, Error> {
    let (payment, done) = incoming.order.clone().into_recorded(&incoming.caller.id, now);
    operations.extend(done);
    events.add(&payment.completed(), incoming.trace)?;
    let answer: Answer = answer_of(&payment, CREATED)?;
    Ok(Draft {
        key: &incoming.key,
        payment,
        answer: Some(answer),
    })
}
