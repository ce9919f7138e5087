//! The database server under test, as its administrator sees it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::Platform;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// What an acknowledged payment stands on.
const DURABILITY: &[&str] = &["fsync", "synchronous_commit", "full_page_writes"];

/// The platform's own PostgreSQL, with a connection to the payment service's database.
pub struct Server {
    options: PgConnectOptions,
    url: String,
    payments: PgConnection,
}

impl Server {
    /// Connects to the server of that platform.
    pub async fn of(platform: &Platform) -> Result<Self> {
        let url = std::fs::read_to_string(platform.data_dir().join("postgres.url"))?;
        let url = url.trim().to_owned();
        let options: PgConnectOptions = url.parse()?;
        let payments = PgConnection::connect_with(&options.clone().database("paymentdb")).await?;
        Ok(Self {
            options,
            url,
            payments,
        })
    }

    /// The payment service's database.
    pub fn payments(&mut self) -> &mut PgConnection {
        &mut self.payments
    }

    /// Another database of the same server.
    pub async fn database(&self, name: &str) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.options.clone().database(name)).await?)
    }

    /// The address of the payment service's database, for programs.
    pub fn payments_url(&self) -> Result<String> {
        // scheme://user:password@host:port/database?options
        let (before, options) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (_, rest) = before.split_once("://").context("an address has a scheme")?;
        let authority = rest.split('/').next().unwrap_or(rest);
        let question = if options.is_empty() { "" } else { "?" };
        Ok(format!("postgresql://{authority}/paymentdb{question}{options}"))
    }

    /// Prints what durability stands on; an error if any of it is off, because then nothing here is comparable.
    pub async fn check_durability(&mut self, folder: &Path) -> Result<()> {
        let version: String = sqlx::query_scalar("select version()")
            .fetch_one(&mut self.payments)
            .await?;
        println!("{version}");
        for setting in DURABILITY {
            let value: String = sqlx::query_scalar("select current_setting($1)")
                .bind(setting)
                .fetch_one(&mut self.payments)
                .await?;
            println!("{setting} = {value}");
            ensure!(value == "on", "{setting} is {value}: there is nothing to compare");
        }
        println!("data in {}", folder.display());
        let kind = rustix::fs::statfs(folder)?.f_type;
        // TMPFS_MAGIC of Linux.
        if u64::try_from(kind) == Ok(0x0102_1994) {
            println!("warning: that is memory, where fsync costs nothing; TMPDIR chooses another place");
        }
        Ok(())
    }

    /// Writes out what is pending.
    pub async fn checkpoint(&mut self) -> Result<()> {
        sqlx::query("checkpoint").execute(&mut self.payments).await?;
        Ok(())
    }

    /// How many rows that table of the payment service's database has. The name is one of ours, not of a client.
    pub async fn count(&mut self, table: &str) -> Result<u64> {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut self.payments)
            .await?;
        Ok(u64::try_from(rows)?)
    }

    /// An error unless the database has exactly the payments that were acknowledged, whole.
    pub async fn compare(&mut self, acknowledged: u64) -> Result<()> {
        for (table, each) in [
            ("public.payments", 1),
            ("public.payment_lines", 2),
            ("public.tenders", 1),
            ("once.keys", 1),
            ("bus.outbox where topic = 'payment-completed'", 1),
        ] {
            let found = self.count(table).await?;
            ensure!(
                found == acknowledged * each,
                "{acknowledged} payments were acknowledged, but {table} has {found} rows"
            );
        }
        Ok(())
    }
}
