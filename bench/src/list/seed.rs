//! Payments by the million, written into the payment service's tables as its administrator would restore them.

use anyhow::{Context, Result, ensure};
use bench::server::Server;
use sqlx::{AssertSqlSafe, PgConnection};

/// What is filled.
const TABLES: &[&str] = &[
    "payment_methods",
    "payments",
    "tenders",
    "transactions",
    "payment_lines",
];

/// How many payments one statement writes.
const CHUNK: i64 = 100_000;

/// Of how many payments one is the first of its payment method.
const USES: i64 = 10;

/// Nobody's time matters here but the machine's: foreign keys hold by the way the rows are made, and a crash would end
/// the benchmark anyway.
const SETTINGS: &[&str] = &[
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    "set jit = off",
    "set maintenance_work_mem = '512MB'",
];

/// Writes so many payments. Indexes that are not of a constraint are made again afterwards, as they were: that is faster
/// than keeping them meanwhile.
pub async fn payments(server: &mut Server, payments: i64) -> Result<()> {
    let sql = server.payments();
    for setting in SETTINGS {
        sqlx::query(*setting).execute(&mut *sql).await?;
    }
    sqlx::raw_sql(include_str!("functions.sql"))
        .execute(&mut *sql)
        .await?;
    let indexes = take_indexes(sql).await?;
    let methods = (payments / USES).max(10);
    sqlx::query(include_str!("methods.sql"))
        .bind(0)
        .bind(methods - 1)
        .execute(&mut *sql)
        .await?;
    let mut first = 1;
    while first <= payments {
        let last = payments.min(first + CHUNK - 1);
        sqlx::query(include_str!("payments.sql"))
            .bind(first)
            .bind(last)
            .bind(payments)
            .bind(methods)
            .execute(&mut *sql)
            .await?;
        if last % (10 * CHUNK) == 0 {
            println!("{last} payments are written");
        }
        first = last + 1;
    }
    for definition in indexes {
        sqlx::query(AssertSqlSafe(definition)).execute(&mut *sql).await?;
    }
    sqlx::query(AssertSqlSafe(format!("vacuum (analyze) {}", TABLES.join(", "))))
        .execute(&mut *sql)
        .await?;
    let written = server.count("payments").await?;
    ensure!(
        i64::try_from(written)? == payments,
        "{payments} payments were to be written, and {written} are there"
    );
    server.checkpoint().await
}

/// Drops the indexes that belong to no constraint, and returns how they are made.
async fn take_indexes(sql: &mut PgConnection) -> Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
           from pg_index
          where indrelid::regclass::text = any($1)
            and not exists (select from pg_constraint where conindid = indexrelid)",
    )
    .bind(TABLES)
    .fetch_all(&mut *sql)
    .await
    .context("which indexes are there?")?;
    let mut definitions = Vec::new();
    for (name, definition) in indexes {
        sqlx::query(AssertSqlSafe(format!("drop index {name}")))
            .execute(&mut *sql)
            .await?;
        definitions.push(definition);
    }
    Ok(definitions)
}
