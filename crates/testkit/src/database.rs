//! A database for one test.

use std::time::Duration;

use bus::Outbox;
use chassis::Service;
use postgres::{Db, DbOptions};
use sqlx::migrate::Migrator;

use crate::server::Server;
use crate::{stale, template};

/// How long a connection may take to come back before [`Database::assert_no_open_transaction`] complains.
const PATIENCE: Duration = Duration::from_secs(10);

/// A migrated database that only one test uses; dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    outbox: Outbox,
}

impl Database {
    /// A database as `service` has it: the event log's tables, the shared ones, and its own.
    ///
    /// # Panics
    /// Where the service has no database, and where the test server fails.
    pub async fn for_service(service: &Service) -> Self {
        let database = service.database.expect("a service with a database");
        let migrators: Vec<_> = database.every_migrator().collect();
        Self::with(service.name, &migrators).await
    }

    /// A database with these migrations, for crates that are no service. `name`: lower-case letters.
    ///
    /// # Panics
    /// Where the test server fails.
    pub async fn with(name: &'static str, migrators: &[&Migrator]) -> Self {
        let server = Server::get().await;
        stale::sweep(server).await;
        let template = template::ensure(server, name, migrators).await;
        let database = stale::fresh_name();
        template::copy(server, &template, &database).await;
        let url = server.url(&database);
        let mut options = DbOptions::new(url.clone(), name);
        options.max_connections = 24;
        let db = Db::connect(&options).await.expect("the copy answers");
        Self {
            name: database,
            url,
            outbox: Outbox::new(db),
        }
    }

    /// Its address, as the administrator.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The outbox in it. All clones wake the same readers.
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// A pool of at most 24 connections.
    pub fn db(&self) -> Db {
        self.outbox.db().clone()
    }

    /// The tables in which `text` stands, in any column, as text or as bytes.
    ///
    /// # Panics
    /// Where the database can't be read.
    pub async fn tables_with(&self, text: &str) -> Vec<String> {
        let db = self.db();
        let tables: Vec<String> = sqlx::query_scalar(
            "select format('%I.%I', n.nspname, c.relname)
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 1",
        )
        .fetch_all(db.pool())
        .await
        .expect("the tables can be listed");
        let mut found = Vec::new();
        for table in tables {
            let sql = format!(
                "select exists (select from {table} t where position($1 in t::text) > 0 or position($2 in t::text) > 0)"
            );
            let is_there: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(text)
                .bind(hex::encode(text))
                .fetch_one(db.pool())
                .await
                .expect("a table can be read");
            if is_there {
                found.push(table);
            }
        }
        found
    }

    /// Checks that every transaction was ended. One whose `Work` was dropped a moment ago is still on its way, so
    /// this waits, at most ten seconds.
    ///
    /// # Panics
    /// Where one stays open.
    pub async fn assert_no_open_transaction(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let db = self.db();
        loop {
            let open: Vec<String> = sqlx::query_scalar(
                "select query from pg_stat_activity
                  where datname = current_database() and state like 'idle in transaction%'",
            )
            .fetch_all(db.pool())
            .await
            .expect("the activity can be read");
            if open.is_empty() {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "left open after: {open:?}"
            );
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Database {
    /// From a thread of its own, since the test's runtime may be about to end. If it fails, the next process that
    /// runs tests does it.
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    let mut admin = Server::get().await.connect("postgres").await;
                    template::execute(
                        &mut admin,
                        &format!("drop database if exists {name} with (force)"),
                    )
                    .await;
                });
            }
        });
        let _left_for_the_next_process = dropping.join();
    }
}
