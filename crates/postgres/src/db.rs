//! The pool of one database, with the hook that keeps acknowledged writes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{PgConnection, Postgres};
use tokio::sync::oneshot;

use crate::single::was_in_the_way;
use crate::whereabouts::{Whereabouts, read_only};
use crate::{Address, PostgresError, Timeouts, Transaction};

/// How long a reader waits for a replica before it turns to the primary.
const REPLICA_WAIT: Duration = Duration::from_secs(1);

/// How a service reaches its database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// `postgres://role:password@host:port/database`, or with several hosts: `...@host1:port,host2:port/database`. What
    /// [`Address`] says of TLS goes for it.
    pub url: String,
    /// Shown in `pg_stat_activity`: the service's name.
    pub application: &'static str,
    /// The most connections that the pool opens, 1 or more.
    pub max_connections: u32,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How old what [`Db::acquire_lagging`] reads may be. Zero: it never reads from a replica.
    pub lag_limit: Duration,
}

impl DbOptions {
    /// The usual limits for `application` at `url`: 10 connections, requests of 30 s, replicas 5 s behind.
    pub fn new(url: impl Into<String>, application: &'static str) -> Self {
        Self {
            url: url.into(),
            application,
            max_connections: 10,
            timeouts: Timeouts::within(Duration::from_secs(30)),
            lag_limit: Duration::from_secs(5),
        }
    }

    fn session(&self, options: PgConnectOptions) -> PgConnectOptions {
        let ms = |limit: Duration| limit.as_millis().to_string();
        options.application_name(self.application).options([
            ("statement_timeout", ms(self.timeouts.statement)),
            ("lock_timeout", ms(self.timeouts.lock)),
            // A transaction left open holds back every reader of the outbox: the server ends it.
            (
                "idle_in_transaction_session_timeout",
                ms(self.timeouts.idle_in_transaction),
            ),
            ("client_min_messages", "error".to_owned()),
        ])
    }
}

/// A service's own database. Cheap to clone; all clones share one pool.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    name: String,
    commit_limit: Duration,
    single_limit: Duration,
    several: Option<Several>,
}

/// What there is besides the pool where the address has several hosts.
#[derive(Debug, Clone)]
struct Several {
    whereabouts: Arc<Whereabouts>,
    readers: PgPool,
    lag_limit: Duration,
    /// Dropped with the last clone, it ends the task that looks for the primary.
    _life: Arc<oneshot::Sender<Infallible>>,
}

impl Db {
    /// Opens the pool and proves with one connection that the database answers.
    ///
    /// The pool says `begin; rollback` on every connection before it hands it out: when a future is cancelled inside
    /// `begin`, the connection comes back with a stray open transaction, and the next plain write on it is
    /// answered `Ok` and then lost. That costs one round trip. A rollback alone would, outside a transaction, also
    /// cost a line in the server's log, for every connection that is handed out.
    ///
    /// Of several hosts the primary is found first, and again whenever it moves: a task sees to it until the last
    /// clone is dropped or closed. The same round trip then asks each connection whether its server is still the
    /// primary; one of a replica, or of a primary that was succeeded, is closed instead of handed out.
    ///
    /// # Errors
    /// [`PostgresError::NoPrimary`] says what each host answered.
    pub async fn connect(options: &DbOptions) -> Result<Self, PostgresError> {
        let address = Address::parse(&options.url)?;
        let name = address.database().to_owned();
        let commit_limit = options.timeouts.commit;
        let single_limit = options.timeouts.lock + commit_limit;
        let mut hosts = address.hosts;
        for host in &mut hosts {
            host.options = options.session(host.options.clone());
        }
        let unreachable = |source| PostgresError::Unreachable {
            database: name.clone(),
            source,
        };
        let first = hosts.first().map(|host| host.options.clone()).unwrap_or_default();
        if hosts.len() <= 1 {
            let pool = plain_pool(options).before_acquire(|connection, _| Box::pin(is_clean(connection)));
            let pool = open(pool, first).await.map_err(unreachable)?;
            return Ok(Self {
                pool,
                name,
                commit_limit,
                single_limit,
                several: None,
            });
        }
        let whereabouts = Arc::new(Whereabouts::new(name.clone(), hosts, options.lag_limit));
        let primary = whereabouts.find_within(options.timeouts.acquire).await?;
        let pool = open(writers(options, &whereabouts), primary)
            .await
            .map_err(unreachable)?;
        let (life, ended) = oneshot::channel();
        let several = Several {
            readers: readers(options, whereabouts.replica().unwrap_or(first)),
            whereabouts,
            lag_limit: options.lag_limit,
            _life: Arc::new(life),
        };
        tokio::spawn(follow(
            Arc::clone(&several.whereabouts),
            pool.clone(),
            several.readers.clone(),
            ended,
        ));
        Ok(Self {
            pool,
            name,
            commit_limit,
            single_limit,
            several: Some(several),
        })
    }

    /// The pool, for reads that need no transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection for lists and reports: what it reads may be older than what was just written, by `lag_limit` at
    /// most. Nothing is decided by it, and nobody looks there for what he has just done.
    ///
    /// It is to a replica where one has come far enough, else to the primary.
    ///
    /// # Errors
    /// If there is no connection to the primary either.
    pub async fn acquire_lagging(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        match self.replica().await {
            Some(conn) => Ok(conn),
            None => self.pool.acquire().await,
        }
    }

    async fn replica(&self) -> Option<PoolConnection<Postgres>> {
        let several = self.several.as_ref()?;
        if several.lag_limit.is_zero() || !several.whereabouts.has_replica() {
            return None;
        }
        let found = async {
            let mut conn = several.readers.acquire().await?;
            let is_fit = several.whereabouts.may_read(&mut conn).await;
            if !matches!(is_fit, Ok(true)) {
                conn.close_on_drop();
            }
            is_fit.map(|is_fit| is_fit.then_some(conn))
        };
        let found: Result<_, sqlx::Error> = found.await;
        if !matches!(found, Ok(Some(_))) {
            tracing::debug!(database = self.name, ?found, "no replica has come far enough");
            several.whereabouts.give_up_replica();
        }
        found.ok().flatten()
    }

    /// The database's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a transaction. Every write of the project goes through one, or through [`Db::single`].
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let whereabouts = self
            .several
            .as_ref()
            .map(|several| Arc::clone(&several.whereabouts));
        let begun = Transaction::begin(&self.pool, self.commit_limit, whereabouts).await;
        if begun.is_err() {
            self.look_for_primary();
        }
        begun
    }

    /// Whether a connection of the pool may be used, asked as by the pool itself.
    pub(crate) async fn is_sound(&self, conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
        match &self.several {
            Some(several) => several.whereabouts.may_write(conn).await,
            None => is_clean(conn).await,
        }
    }

    /// How long a statement that is its own transaction may take.
    pub(crate) fn single_limit(&self) -> Duration {
        self.single_limit
    }

    /// The primary may have moved.
    pub(crate) fn look_for_primary(&self) {
        if let Some(several) = &self.several {
            several.whereabouts.wake();
        }
    }

    /// Hears of every `NOTIFY` on `channel`, on a connection of its own beside the pool. It is to the server that is the
    /// primary now: after a failover it falls silent, and [`PgListener::try_recv`] says that it was lost.
    ///
    /// # Errors
    /// If there is no such connection.
    pub async fn listen(&self, channel: &str) -> Result<PgListener, sqlx::Error> {
        let options = (*self.pool.connect_options()).clone();
        #[allow(clippy::disallowed_methods, reason = "nothing is written on it")]
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(channel).await?;
        Ok(listener)
    }

    /// Brings the database to the newest schema of `migrator`; does nothing where it is there already. A database that a
    /// newer version has brought further is left as it is: while versions are exchanged, both run.
    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), PostgresError> {
        let forgiving = Migrator {
            migrations: migrator.migrations.clone(),
            ignore_missing: true,
            locking: migrator.locking,
            no_tx: migrator.no_tx,
            table_name: migrator.table_name.clone(),
            create_schemas: migrator.create_schemas.clone(),
        };
        loop {
            match self.migrate_by(&forgiving).await {
                // What was begun is undone. Another copy may be at it for minutes, and keeps the others out meanwhile.
                Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                    if was_in_the_way(&error) =>
                {
                    tracing::warn!(database = self.name, %error, "a migration waits for whoever is in the way");
                }
                done => {
                    return done.map_err(|source| PostgresError::Migration {
                        database: self.name.clone(),
                        source,
                    });
                }
            }
        }
    }

    /// On a connection of its own: nobody waits for a migration as for a request, and a large table takes its time. For a
    /// lock it does not wait longer than others, who would queue behind it.
    async fn migrate_by(&self, migrator: &Migrator) -> Result<(), MigrateError> {
        let mut connection = self.pool.acquire().await?.detach();
        sqlx::query("set statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        migrator.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Whether the database answers now.
    pub async fn is_up(&self) -> bool {
        sqlx::query("select 1").execute(&self.pool).await.is_ok()
    }

    /// Waits for borrowed connections to come back and closes them all.
    pub async fn close(&self) {
        if let Some(several) = &self.several {
            several.readers.close().await;
        }
        self.pool.close().await;
    }
}

fn plain_pool(options: &DbOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.timeouts.acquire)
}

/// Ends whatever transaction is open on it.
async fn is_clean(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql("begin; rollback").execute(conn).await?;
    Ok(true)
}

/// The pool of the primary among several hosts.
fn writers(options: &DbOptions, whereabouts: &Arc<Whereabouts>) -> PgPoolOptions {
    let (before, after) = (Arc::clone(whereabouts), Arc::clone(whereabouts));
    plain_pool(options)
        .before_acquire(move |connection, _| {
            let whereabouts = Arc::clone(&before);
            Box::pin(async move { whereabouts.may_write(connection).await })
        })
        // A new connection is handed out without the other hook.
        .after_connect(move |connection, _| {
            let whereabouts = Arc::clone(&after);
            Box::pin(async move {
                if whereabouts.may_write(connection).await? {
                    Ok(())
                } else {
                    Err(sqlx::Error::Protocol("the server is no primary".to_owned()))
                }
            })
        })
}

/// The pool of a replica among several hosts; it opens no connection before somebody reads. It needs no hook, since
/// [`Db::acquire_lagging`] asks each connection more than the others are asked.
fn readers(options: &DbOptions, replica: PgConnectOptions) -> PgPool {
    #[allow(
        clippy::disallowed_methods,
        reason = "what it opens is asked by the one function that takes it"
    )]
    plain_pool(options)
        .max_connections((options.max_connections / 2).max(1))
        .acquire_timeout(REPLICA_WAIT)
        .connect_lazy_with(read_only(replica))
}

async fn open(pool: PgPoolOptions, options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    #[allow(clippy::disallowed_methods, reason = "this is the one pool constructor")]
    pool.connect_with(options).await
}

/// Looks for the primary until the pool is closed or nobody holds it.
async fn follow(
    whereabouts: Arc<Whereabouts>,
    pool: PgPool,
    readers: PgPool,
    ended: oneshot::Receiver<Infallible>,
) {
    tokio::select! {
        _ = ended => {}
        () = pool.close_event() => {}
        () = whereabouts.keep_watch(&pool, &readers) => {}
    }
}
