//! The right to act, as it goes along with whoever acts.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{LeaseError, store};

/// A time during which one copy acts. Cheap to clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub(crate) name: &'static str,
    pub(crate) holder: Uuid,
    pub(crate) token: i64,
    pub(crate) length: Duration,
}

impl Term {
    /// The fencing token: grows with every change of hands.
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Asked inside a transaction before it writes what only the leader may write. Until that transaction ends, the
    /// lease does not change hands; so the server ends it when nothing happens in it for the length of the lease.
    ///
    /// # Errors
    /// [`LeaseError::Deposed`] where another copy leads now: commit nothing, stop acting.
    pub async fn check(&self, conn: &mut PgConnection) -> Result<(), LeaseError> {
        if store::holds(conn, self.name, self.holder, self.token, self.length).await? {
            return Ok(());
        }
        metrics::counter!("jeongsan_lease_refused_total", "lease" => self.name).increment(1);
        Err(LeaseError::Deposed {
            name: self.name,
            token: self.token,
        })
    }
}
