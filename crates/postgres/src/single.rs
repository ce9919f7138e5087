//! One statement that is a transaction of its own: one round trip in place of three.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use crate::transaction::unknown;
use crate::{Db, is_transient};

/// How long a connection is used without being asked what the pool asks each that it hands out: whether it is sound, and
/// whether its server is the primary still. To ask before every statement costs a round trip a statement.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long one is kept at most. Another has to have the statement planned first, so it is not exchanged often.
const KEPT: Duration = Duration::from_mins(5);

/// A place for statements that the server commits by themselves, one after another. The connection comes from the pool
/// with no transaction open on it (see [`Db::connect`]), so no statement can become part of another's.
///
/// Who has asked for the connection hands the statement's answer to [`Single::end`]. Dropped without that, the
/// connection is closed: nobody knows what is still on its way there.
#[derive(Debug)]
pub struct Single {
    kept: Option<Kept>,
    is_busy: bool,
    planning: Planning,
    db: Db,
}

/// How the server plans the statements of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planning {
    /// By what it knows of the tables.
    AsUsual,
    /// Each row is found by its key.
    ByKey,
}

/// What a session is told whose statements find each row by its key, from plans that are made once.
const BY_KEY: &str = "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; \
    set plan_cache_mode = force_generic_plan";

/// What takes that back.
const AS_USUAL: &str =
    "reset enable_seqscan; reset enable_hashjoin; reset enable_mergejoin; reset plan_cache_mode";

#[derive(Debug)]
struct Kept {
    conn: PoolConnection<Postgres>,
    since: Instant,
    asked: Instant,
}

impl Db {
    /// A place for statements that are transactions of their own. It takes no connection yet.
    pub fn single(&self) -> Single {
        self.planned(Planning::AsUsual)
    }

    /// The same, for statements that find each row by its key. Otherwise a plan that was made while the tables were small
    /// reads them from end to end, for as long as it is kept. A plan that was made before, for the same statement on the same
    /// connection, is used as it is.
    pub fn single_by_key(&self) -> Single {
        self.planned(Planning::ByKey)
    }

    fn planned(&self, planning: Planning) -> Single {
        Single {
            kept: None,
            is_busy: false,
            planning,
            db: self.clone(),
        }
    }
}

impl Single {
    /// How long the statement may take with all it waits for: for another's lock, and for its own commit. Whoever runs it
    /// gives up after that, and says so to [`Single::end`].
    pub fn limit(&self) -> Duration {
        self.db.single_limit()
    }

    /// The connection, for one statement: that of the statement before, or another one.
    ///
    /// # Errors
    /// If there is no connection to be had.
    pub async fn conn(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.is_busy {
            self.close();
        }
        if self
            .kept
            .as_ref()
            .is_some_and(|kept| kept.since.elapsed() >= KEPT)
        {
            self.give_back();
        }
        // Given up from here on, it is closed.
        self.is_busy = true;
        self.ask_again().await;
        let (kept, is_new) = match self.kept.take() {
            Some(kept) => (kept, false),
            None => (self.acquire().await?, true),
        };
        let kept = self.kept.insert(kept);
        if is_new && self.planning == Planning::ByKey {
            let told = sqlx::raw_sql(BY_KEY).execute(&mut *kept.conn);
            let told = timeout(self.db.single_limit(), told).await;
            told.map_err(|_| sqlx::Error::PoolTimedOut)??;
        }
        Ok(&mut kept.conn)
    }

    /// Asks a kept connection what the pool asks; one that does not say in time that it is sound is closed.
    async fn ask_again(&mut self) {
        let Some(kept) = &mut self.kept else { return };
        if kept.asked.elapsed() < TRUSTED {
            return;
        }
        let answer = timeout(self.db.single_limit(), self.db.is_sound(&mut kept.conn)).await;
        if matches!(answer, Ok(Ok(true))) {
            kept.asked = Instant::now();
            return;
        }
        kept.conn.close_on_drop();
        self.kept = None;
        self.db.look_for_primary();
    }

    async fn acquire(&self) -> Result<Kept, sqlx::Error> {
        let conn = self.db.pool().acquire().await;
        if conn.is_err() {
            self.db.look_for_primary();
        }
        let now = Instant::now();
        Ok(Kept {
            conn: conn?,
            since: now,
            asked: now,
        })
    }

    /// What is known of the statement after its answer.
    ///
    /// # Errors
    /// As of [`crate::Transaction::commit`]: an error of the database that is not transient says that nothing happened.
    /// Any other is [`sqlx::Error::Io`], and says that nobody knows.
    pub fn end<T>(&mut self, answer: Result<Result<T, sqlx::Error>, Elapsed>) -> Result<T, sqlx::Error> {
        let error = match answer {
            Ok(Ok(value)) => {
                self.is_free();
                return Ok(value);
            }
            Ok(Err(error @ sqlx::Error::Database(_))) if !is_transient(&error) || was_in_the_way(&error) => {
                self.is_free();
                return Err(error);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.limit()),
        };
        self.close();
        self.db.look_for_primary();
        Err(unknown(&error))
    }

    /// Kept only while there are others: of a small pool, what is kept here is what somebody else waits for.
    fn is_free(&mut self) {
        self.is_busy = false;
        let pool = self.db.pool();
        if pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections() {
            self.give_back();
        }
    }

    /// Whether it keeps a connection.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Gives the connection back, since there is nothing to write for a while.
    pub fn rest(&mut self) {
        if self.is_busy {
            self.close();
        }
        self.give_back();
    }

    /// The next one to have it plans as usual.
    fn give_back(&mut self) {
        let Some(Kept { mut conn, .. }) = self.kept.take() else {
            return;
        };
        if self.planning == Planning::ByKey {
            let limit = self.limit();
            tokio::spawn(async move {
                let told = timeout(limit, sqlx::raw_sql(AS_USUAL).execute(&mut *conn)).await;
                if !matches!(told, Ok(Ok(_))) {
                    conn.close_on_drop();
                }
            });
        }
    }

    fn close(&mut self) {
        if let Some(mut kept) = self.kept.take() {
            kept.conn.close_on_drop();
        }
        self.is_busy = false;
    }
}

/// Whether another transaction was in the way: a deadlock, or a lock that did not come. The server says so before it
/// commits.
pub fn was_in_the_way(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["40P01", "40001", "55P03"].contains(&&*code))
}

impl Drop for Single {
    fn drop(&mut self) {
        self.rest();
    }
}
