//! The rules that operators route payments by: read, and replaced as a whole.

use contracts::Caller;

use super::Payments;
use crate::domain::Rule;
use crate::error::Error;
use crate::store::routing_tables::{self, Written};

impl Payments {
    /// The rules that decide now; none where nobody wrote any.
    pub async fn routing(&self) -> Result<Option<Written>, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        Ok(routing_tables::newest(&mut conn).await?)
    }

    /// Replaces version `expected` of the rules by the next one. Who did not know the last one does not overwrite it.
    pub async fn replace_routing(
        &self,
        caller: &Caller,
        expected: i32,
        rules: &[Rule],
    ) -> Result<Written, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let is_written = routing_tables::insert(work.conn(), expected, rules, &caller.id, now).await?;
        let newest = routing_tables::newest(work.conn()).await?;
        match newest {
            Some(written) if is_written => {
                work.commit().await?;
                Ok(written)
            }
            newest => Err(Error::RoutingChanged {
                expected,
                version: newest.map_or(0, |written| written.table.version),
            }),
        }
    }
}
