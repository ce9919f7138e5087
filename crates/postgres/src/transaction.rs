//! A transaction, and what is known of it when its commit fails.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgTransactionManager};
use sqlx::{PgConnection, Postgres};
use sqlx_core::transaction::TransactionManager as _;
use tokio::time::timeout;

use crate::whereabouts::Whereabouts;

/// Where a statement has failed before, `commit` alone rolls back and is answered with OK, and so passes for done. The
/// first of these two fails instead, in the same message.
const COMMIT: &str = "select 1; commit";

/// A transaction on a service's own database; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Transaction {
    conn: PoolConnection<Postgres>,
    is_open: bool,
    commit_limit: Duration,
    whereabouts: Option<Arc<Whereabouts>>,
}

impl Transaction {
    pub(crate) async fn begin(
        pool: &PgPool,
        commit_limit: Duration,
        whereabouts: Option<Arc<Whereabouts>>,
    ) -> Result<Self, sqlx::Error> {
        let conn = pool.acquire().await?;
        let mut transaction = Self {
            conn,
            is_open: true,
            commit_limit,
            whereabouts,
        };
        PgTransactionManager::begin(&mut transaction.conn, None).await?;
        Ok(transaction)
    }

    /// Commits.
    ///
    /// # Errors
    /// An error of the database says that nothing happened. Any other is [`sqlx::Error::Io`], and says that nobody
    /// knows: the connection was lost, or nothing was answered in time. Both are for the caller's caller to repeat,
    /// under the same key; [`crate::is_transient`] says so. Never repeat the effect here.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let answer = timeout(self.commit_limit, sqlx::raw_sql(COMMIT).execute(&mut *self.conn)).await;
        let error = match answer {
            Ok(Ok(_)) => return Ok(()),
            // Fatal errors come from a session that is being ended, at whatever moment.
            Ok(Err(error @ sqlx::Error::Database(_))) if !crate::is_transient(&error) => return Err(error),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.commit_limit),
        };
        // The answer may still come: this connection must not be used again.
        self.conn.close_on_drop();
        self.is_open = false;
        if let Some(whereabouts) = &self.whereabouts {
            whereabouts.wake();
        }
        Err(unknown(&error))
    }

    /// Gives everything up now instead of when the connection comes back to the pool.
    pub async fn rollback(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::rollback(&mut self.conn).await?;
        self.is_open = false;
        Ok(())
    }
}

/// What is said where nobody knows whether something was committed.
pub(crate) fn unknown(reason: &str) -> sqlx::Error {
    let text = format!("the outcome of a commit is not known: {reason}");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, text))
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.conn
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Sent when the connection comes back to the pool. After a commit it does nothing, but tell the driver that
        // the transaction, which it did not see end, is over.
        if self.is_open {
            PgTransactionManager::start_rollback(&mut self.conn);
        }
    }
}
