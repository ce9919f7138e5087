//! The usual case of a group: payments under new keys, with new order references.

use bus::FirstEvent;
use chrono::{DateTime, Utc};

use super::write::{Places, firsts};
use super::{Answered, CREATED, Incoming, Payments, answer_of, count};
use crate::error::Error;
use crate::store::payment_methods::Means;
use crate::store::writing::Draft;

/// What became of one of a group; none where it is still to be settled.
pub(super) type Outcome = Option<Result<Answered, Error>>;

impl Payments {
    /// Records what of `all` is new in one statement, which is one transaction: keys with their answers, payments and
    /// events. None stands for each that is not: its key was used before, or its order reference is taken, or somebody
    /// else is at work on either. None of all where the database refuses them for another reason.
    pub(super) async fn record_at_once(
        &self,
        places: &mut Places,
        all: &[Incoming],
    ) -> Result<Vec<Outcome>, Error> {
        let now = self.now();
        let drafts = firsts(all).map(|incoming| draft(incoming, now));
        let mut drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        // Nobody is asked for these payments, so nobody knows a token.
        let written = self.write(places, &mut drafts, &Means::default(), now).await;
        places.rest_seeing();
        match written {
            Ok(()) => {}
            // Something in it is not to the database's liking, or somebody took a reference meanwhile.
            Err(sqlx::Error::Database(error)) => {
                tracing::debug!(error = %error, items = all.len(), "a group was not recorded at once");
                return Ok(all.iter().map(|_| None).collect());
            }
            Err(error) => return Err(error.into()),
        }
        for draft in &drafts {
            count(&draft.payment);
        }
        let told = drafts.iter();
        let told = told.filter_map(|draft| Some((draft.key, draft.answer.as_ref()?)));
        self.0.hints.put_soon(told);
        drafts.reverse();
        let outcomes = all.iter().map(|incoming| {
            // Both stand in one order.
            let draft = drafts.pop_if(|draft| draft.key.scope == incoming.key.scope)?;
            draft.answer.map(Answered::first).map(Ok)
        });
        Ok(outcomes.collect())
    }
}

fn draft(incoming: &Incoming, now: DateTime<Utc>) -> Result<Draft<'_>, Error> {
    let (payment, operations) = incoming.order.clone().into_recorded(&incoming.caller.id, now);
    Ok(Draft {
        key: &incoming.key,
        event: Some(FirstEvent::of(&payment.completed(), incoming.trace)?),
        answer: Some(answer_of(&payment, CREATED)?),
        payment,
        operations,
    })
}
