//! A view of one database that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, ConnectOptions as _, FromRow, PgConnection};
use tokio::sync::Mutex;

use crate::VerifyError;

/// One database as it was at one moment. Cheap to clone; all clones share one connection and one snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    service: &'static str,
    conn: Arc<Mutex<PgConnection>>,
    cursors: Arc<AtomicU32>,
}

impl Snapshot {
    /// Connects, as one who can only read. The view does not stand still yet: see [`Snapshot::take`].
    pub(crate) async fn connect(service: &'static str, url: &str) -> Result<Self, VerifyError> {
        let unreachable = |source| VerifyError::Unreachable { service, source };
        let conn = postgres::primary(url)
            .await
            .map_err(|source| VerifyError::NoPrimary { service, source })?
            .application_name("jeongsan verify")
            // Many different statements, each used once.
            .statement_cache_capacity(64)
            .connect()
            .await
            .map_err(unreachable)?;
        let snapshot = Self {
            service,
            conn: Arc::new(Mutex::new(conn)),
            cursors: Arc::default(),
        };
        snapshot
            .execute("session", include_str!("sql/session.sql"))
            .await?;
        Ok(snapshot)
    }

    /// Has the view stand still from now on, and says when that is.
    pub(crate) async fn take(&self) -> Result<DateTime<Utc>, VerifyError> {
        self.execute("begin", "begin isolation level repeatable read, read only")
            .await?;
        // The snapshot is taken by the first statement after `begin`, which this is.
        let (now,): (DateTime<Utc>,) = self.one("the time", "select clock_timestamp()").await?;
        Ok(now)
    }

    /// Whose database it is.
    pub(crate) fn service(&self) -> &'static str {
        self.service
    }

    async fn execute(&self, what: &str, sql: &'static str) -> Result<(), VerifyError> {
        let mut conn = self.conn.lock().await;
        sqlx::raw_sql(sql)
            .execute(&mut *conn)
            .await
            .map(drop)
            .map_err(|source| self.failed(what, source))
    }

    /// The one row that answers `sql`.
    pub(crate) async fn one<R>(&self, what: &str, sql: &str) -> Result<R, VerifyError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut conn = self.conn.lock().await;
        sqlx::query_as(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut *conn)
            .await
            .map_err(|source| self.failed(what, source))
    }

    /// The rows that answer `sql`; for what is known to be few.
    pub(crate) async fn all<R>(&self, what: &str, sql: &str) -> Result<Vec<R>, VerifyError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut conn = self.conn.lock().await;
        sqlx::query_as(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut *conn)
            .await
            .map_err(|source| self.failed(what, source))
    }

    /// The rows that answer `sql`, read bit by bit. Several may be open at once.
    pub(crate) async fn stream<R>(&self, what: &str, sql: &str) -> Result<Rows<R>, VerifyError> {
        let name = format!("rows_{}", self.cursors.fetch_add(1, Ordering::Relaxed));
        let declare = format!("declare {name} no scroll cursor for\n{sql}");
        let mut conn = self.conn.lock().await;
        sqlx::raw_sql(AssertSqlSafe(declare))
            .execute(&mut *conn)
            .await
            .map_err(|source| self.failed(what, source))?;
        Ok(Rows {
            snapshot: self.clone(),
            what: what.to_owned(),
            fetch: format!("fetch forward {BATCH} from {name}"),
            batch: Vec::new().into_iter(),
            ended: false,
        })
    }

    fn failed(&self, what: &str, source: sqlx::Error) -> VerifyError {
        VerifyError::Reading {
            service: self.service,
            what: what.to_owned(),
            source,
        }
    }
}

/// Rows fetched at once: enough that round trips cost little, few enough that memory stays small.
const BATCH: usize = 2_000;

/// Rows that are read bit by bit.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    snapshot: Snapshot,
    what: String,
    fetch: String,
    batch: std::vec::IntoIter<R>,
    ended: bool,
}

impl<R> Rows<R>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    /// The next row.
    pub(crate) async fn next(&mut self) -> Result<Option<R>, VerifyError> {
        if let Some(row) = self.batch.next() {
            return Ok(Some(row));
        }
        if self.ended {
            return Ok(None);
        }
        let batch: Vec<R> = self.snapshot.all(&self.what, &self.fetch).await?;
        self.ended = batch.len() < BATCH;
        self.batch = batch.into_iter();
        Ok(self.batch.next())
    }
}
