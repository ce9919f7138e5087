//! One statement that is a transaction of its own: one round trip in place of three.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};
use tokio::time::error::Elapsed;

use crate::transaction::unknown;
use crate::{Db, is_transient};

/// A connection for exactly one statement, which the server commits by itself. It comes from the pool with no transaction
/// open on it (see [`Db::connect`]), so the statement can't become part of another's.
///
/// Whoever takes it hands the statement's answer to [`Single::end`]. Dropped without that, the connection is closed:
/// nobody knows what is still on its way there.
#[derive(Debug)]
pub struct Single {
    conn: Option<PoolConnection<Postgres>>,
    db: Db,
    limit: Duration,
}

impl Db {
    /// A connection for one statement that is a transaction of its own.
    ///
    /// # Errors
    /// If there is no connection to be had.
    pub async fn single(&self) -> Result<Single, sqlx::Error> {
        let conn = self.pool().acquire().await;
        if conn.is_err() {
            self.look_for_primary();
        }
        Ok(Single {
            conn: Some(conn?),
            db: self.clone(),
            limit: self.single_limit(),
        })
    }
}

impl Single {
    /// How long the statement may take with all it waits for: for another's lock, and for its own commit. Whoever runs it
    /// gives up after that, and says so to [`Single::end`].
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// The connection.
    ///
    /// # Errors
    /// None, before the end.
    pub fn conn(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.conn.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// What is known of the statement after its answer.
    ///
    /// # Errors
    /// As of [`crate::Transaction::commit`]: an error of the database that is not transient says that nothing happened.
    /// Any other is [`sqlx::Error::Io`], and says that nobody knows.
    pub fn end<T>(mut self, answer: Result<Result<T, sqlx::Error>, Elapsed>) -> Result<T, sqlx::Error> {
        let error = match answer {
            Ok(Ok(value)) => {
                // Back to the pool.
                drop(self.conn.take());
                return Ok(value);
            }
            Ok(Err(error @ sqlx::Error::Database(_))) if !is_transient(&error) || was_in_the_way(&error) => {
                drop(self.conn.take());
                return Err(error);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.limit),
        };
        self.db.look_for_primary();
        Err(unknown(&error))
    }
}

/// Whether another transaction was in the way: a deadlock, or a lock that did not come. The server says so before it
/// commits.
fn was_in_the_way(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["40P01", "40001", "55P03"].contains(&&*code))
}

impl Drop for Single {
    fn drop(&mut self) {
        if let Some(conn) = &mut self.conn {
            conn.close_on_drop();
        }
    }
}
