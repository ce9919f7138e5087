//! What is consumed: payments, refunds, disputes, priced lines and statements, each booked once.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};

use crate::domain::{Booked, Fact, Source};
use crate::ops::Bookkeeper;

/// Books the events of one topic.
pub(crate) struct Books<E> {
    bookkeeper: Arc<Bookkeeper>,
    event: PhantomData<E>,
}

impl<E: Booked> Books<E> {
    /// Books through that bookkeeper.
    pub(crate) fn new(bookkeeper: &Arc<Bookkeeper>) -> Self {
        Self {
            bookkeeper: Arc::clone(bookkeeper),
            event: PhantomData,
        }
    }
}

#[async_trait]
impl<E: Booked> Handler for Books<E> {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        let mut facts = Vec::with_capacity(records.len());
        for record in records {
            let event: E = record.event()?;
            // What moves nothing has no entry; that it was handled, the consumer notes.
            if let Some(posting) = event.posting()? {
                facts.push(Fact {
                    source: Source {
                        topic: record.topic.name,
                        aggregate: record.aggregate.clone(),
                        number: record.number,
                    },
                    happened_at: event.happened_at(record.occurred_at),
                    posting,
                });
            }
        }
        self.bookkeeper.post(work, facts).await?;
        Ok(())
    }
}
