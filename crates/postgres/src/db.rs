//! The pool of one database, with the hook that keeps acknowledged writes.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::PostgresError;

/// A transaction on a service's own database; dropped without a commit, it is rolled back.
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// How a service reaches its database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// `postgres://role:password@host:port/database`.
    pub url: String,
    /// Shown in `pg_stat_activity`: the service's name.
    pub application: &'static str,
    /// The most connections that the pool opens, 1 or more.
    pub max_connections: u32,
    /// How long a statement may run before the server cancels it.
    pub statement_timeout_ms: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout_ms: u32,
}

impl DbOptions {
    /// The usual limits for `application` at `url`: 10 connections, 30 s a statement, 10 s for a connection.
    pub fn new(url: impl Into<String>, application: &'static str) -> Self {
        Self {
            url: url.into(),
            application,
            max_connections: 10,
            statement_timeout_ms: 30_000,
            acquire_timeout_ms: 10_000,
        }
    }
}

/// A service's own database. Cheap to clone; all clones share one pool.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    name: String,
}

impl Db {
    /// Opens the pool and proves with one connection that the database answers.
    ///
    /// The pool says `rollback` on every connection before it hands it out: when a future is cancelled inside
    /// `begin`, the connection comes back with a stray open transaction, and the next plain write on it is
    /// answered `Ok` and then lost. A rollback outside a transaction costs one round trip and a warning that
    /// `client_min_messages` mutes.
    pub async fn connect(options: &DbOptions) -> Result<Self, PostgresError> {
        let connect: PgConnectOptions = options.url.parse().map_err(|source| PostgresError::Address {
            database: "(unparsed)".into(),
            source,
        })?;
        let name = connect.get_database().unwrap_or("postgres").to_owned();
        let connect = connect.application_name(options.application).options([
            ("statement_timeout", options.statement_timeout_ms.to_string()),
            ("lock_timeout", (options.statement_timeout_ms / 3).to_string()),
            // A transaction left open holds back every reader of the outbox: the server ends it.
            ("idle_in_transaction_session_timeout", "15000".to_owned()),
            ("client_min_messages", "error".to_owned()),
        ]);
        #[allow(clippy::disallowed_methods, reason = "this is the one pool constructor")]
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(Duration::from_millis(options.acquire_timeout_ms.into()))
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql("rollback").execute(connection).await?;
                    Ok(true)
                })
            })
            .connect_with(connect)
            .await
            .map_err(|source| PostgresError::Unreachable {
                database: name.clone(),
                source,
            })?;
        Ok(Self { pool, name })
    }

    /// The pool, for reads that need no transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The database's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a transaction. Every write of the project goes through one.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.pool.begin().await
    }

    /// Brings the database to the newest schema of `migrator`; does nothing where it is there already.
    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), PostgresError> {
        migrator
            .run(&self.pool)
            .await
            .map_err(|source| PostgresError::Migration {
                database: self.name.clone(),
                source,
            })
    }

    /// Whether the database answers now.
    pub async fn is_up(&self) -> bool {
        sqlx::query("select 1").execute(&self.pool).await.is_ok()
    }

    /// Waits for borrowed connections to come back and closes them all.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
