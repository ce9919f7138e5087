//! The floor: what the database server writes at most if one payment is one statement and one transaction.
//!
//! The rows are those of a payment that the platform wrote, column by column; only names and times are made anew. So
//! the statement follows the tables by itself, and is of the right width.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ids::PaymentId;
use sqlx::AssertSqlSafe;
use sqlx::types::Uuid;
use tokio::process::Command;

use bench::server::Server;

/// A table that a payment writes to.
struct Table {
    /// Where it stands.
    source: &'static str,
    /// Its copy in the schema `floor`.
    copy: &'static str,
    /// Which rows are the model payment's: `$1` is its id, `$2` its name outside.
    whose: &'static str,
    /// How many there are.
    rows: usize,
    /// Columns that differ between payments, and what they get.
    fresh: &'static [(&'static str, &'static str)],
    /// Columns that fill themselves, as they do for the platform.
    own: &'static [&'static str],
}

/// The order is that of the platform's writes.
const TABLES: &[Table] = &[
    Table {
        source: "once.keys",
        copy: "keys",
        whose: "$1 <> '' and subject = $2",
        rows: 1,
        fresh: &[
            ("scope", "made.scope"),
            ("subject", "made.outside"),
            ("claimed_at", "now()"),
            ("lease_until", "now() + interval '1 minute'"),
        ],
        own: &[],
    },
    Table {
        source: "public.payments",
        copy: "payments",
        whose: "$2 <> '' and payment_id = $1::uuid",
        rows: 1,
        fresh: &[
            ("payment_id", "made.payment_id"),
            ("order_reference", "made.order_reference"),
            ("sold_at", "now()"),
            ("created_at", "now()"),
            ("updated_at", "now()"),
        ],
        own: &[],
    },
    Table {
        source: "public.tenders",
        copy: "tenders",
        whose: "$2 <> '' and payment_id = $1::uuid",
        rows: 1,
        fresh: &[("payment_id", "made.payment_id"), ("tender_id", "made.tender_id")],
        own: &[],
    },
    Table {
        source: "public.transactions",
        copy: "transactions",
        whose: "$2 <> '' and payment_id = $1::uuid",
        rows: 1,
        fresh: &[
            ("transaction_id", "made.transaction_id"),
            ("payment_id", "made.payment_id"),
            ("created_at", "now()"),
            ("updated_at", "now()"),
        ],
        own: &[],
    },
    Table {
        source: "public.payment_lines",
        copy: "payment_lines",
        whose: "$2 <> '' and payment_id = $1::uuid",
        rows: 2,
        fresh: &[("payment_id", "made.payment_id"), ("partner_id", "{partner}")],
        own: &[],
    },
    Table {
        source: "bus.outbox",
        copy: "outbox",
        whose: "$1 <> '' and topic = 'payment-completed' and aggregate = $2",
        rows: 1,
        fresh: &[("aggregate", "made.outside"), ("occurred_at", "now()")],
        own: &["position", "xid", "event_id"],
    },
];

/// A name that grows with time, as the platform's do: it is kinder to indexes than a random one.
const NAME: &str = "overlay(gen_random_uuid()::text placing \
    overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') placing '-' from 9 for 0) \
    from 1 for 13)::uuid";

/// What one round wrote.
pub struct Written {
    /// Payments.
    pub transactions: u64,
    /// Payments per second, without the time that connecting takes.
    pub per_second: u64,
}

/// Copies of the tables, and the script that fills them.
pub struct Floor {
    pgbench: PathBuf,
    url: String,
    script: PathBuf,
}

impl Floor {
    /// Makes the copies, empty, and the script, after the first payment that the platform wrote.
    pub async fn prepare(server: &mut Server, pgbench: PathBuf, folder: &Path) -> Result<Self> {
        let url = server.payments_url()?;
        let sql = server.payments();
        sqlx::query("create schema floor").execute(&mut *sql).await?;
        let model: Uuid = sqlx::query_scalar("select payment_id from payments order by payment_id limit 1")
            .fetch_one(&mut *sql)
            .await?;
        let model = PaymentId::from_uuid(model);
        let partners: Vec<String> = sqlx::query_scalar("select partner_id::text from known_partners")
            .fetch_all(&mut *sql)
            .await?;
        let partner = format!(
            "(array['{}']::uuid[])[1 + floor(random() * {})::int]",
            partners.join("','"),
            partners.len()
        );
        let mut parts = vec![format!(
            "made as materialized (select *, 'pay_' || left(replace(payment_id::text, '-', ''), 26) as outside from \
             (select {NAME} as payment_id, {NAME} as tender_id, {NAME} as transaction_id, \
             left(gen_random_uuid()::text, 20) as order_reference, \
             uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as scope) as names)"
        )];
        for table in TABLES {
            let Table { source, copy, .. } = table;
            let made = format!("create table floor.{copy} (like {source} including all)");
            sqlx::query(AssertSqlSafe(made))
                .execute(server.payments())
                .await?;
            let insert = insert(server, table, model, &partner).await?;
            parts.push(format!("{copy}_rows as ({insert})"));
        }
        let script = folder.join("floor.sql");
        std::fs::write(
            &script,
            format!("with {}\nselect 1 from made;\n", parts.join(",\n")),
        )?;
        Ok(Self { pgbench, url, script })
    }

    /// Has that many clients write for that long.
    pub async fn run(&self, clients: u16, length: Duration) -> Result<Written> {
        let clients = clients.to_string();
        let seconds = length.as_secs().to_string();
        let output = Command::new(&self.pgbench)
            .args([
                "-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", &seconds, "-f",
            ])
            .arg(&self.script)
            .arg(&self.url)
            .stdin(Stdio::null())
            .output()
            .await?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "pgbench: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(Written {
            transactions: number_after(&told, "number of transactions actually processed: ")?,
            per_second: number_after(&told, "tps = ")?,
        })
    }

    /// How many payments the floor has written.
    pub async fn rows(&self, server: &mut Server) -> Result<u64> {
        let lines = server.count("floor.payment_lines").await?;
        let payments = server.count("floor.payments").await?;
        ensure!(lines == 2 * payments, "the floor's payments have {lines} lines");
        Ok(payments)
    }

    /// Takes the copies away, so that the platform's databases are as it knows them.
    pub async fn remove(&self, server: &mut Server) -> Result<()> {
        sqlx::query("drop schema floor cascade")
            .execute(server.payments())
            .await?;
        Ok(())
    }
}

/// The insertion of a new payment's rows into one copy.
async fn insert(server: &mut Server, table: &Table, model: PaymentId, partner: &str) -> Result<String> {
    let Table {
        source, copy, whose, ..
    } = table;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
          where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum",
    )
    .bind(*source)
    .fetch_all(server.payments())
    .await?;
    let mut names = Vec::new();
    let mut selects = vec![Vec::new(); table.rows];
    for (name, kind) in columns {
        if table.own.contains(&name.as_str()) {
            continue;
        }
        if let Some((_, expression)) = table.fresh.iter().find(|(fresh, _)| *fresh == name) {
            let expression = expression.replace("{partner}", partner);
            for select in &mut selects {
                select.push(expression.clone());
            }
        } else {
            // Every column of the same rows in the same order.
            let literals: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "select quote_nullable({name}::text) from {source} where {whose} order by ctid"
            )))
            .bind(model.as_uuid().to_string())
            .bind(model.to_string())
            .fetch_all(server.payments())
            .await?;
            ensure!(
                literals.len() == table.rows,
                "{model} has {} rows in {source}, not {}",
                literals.len(),
                table.rows
            );
            for (select, literal) in selects.iter_mut().zip(&literals) {
                select.push(constant(literal, &kind));
            }
        }
        names.push(name);
    }
    let selects: Vec<String> = selects
        .iter()
        .map(|select| format!("select {} from made", select.join(", ")))
        .collect();
    Ok(format!(
        "insert into floor.{copy} ({}) {}",
        names.join(", "),
        selects.join(" union all ")
    ))
}

/// A constant of that type. No colon stands before a letter, where pgbench would see a variable.
fn constant(literal: &str, kind: &str) -> String {
    let quote = if literal.starts_with('E') { "E'" } else { "'" };
    let whole = literal.replace(':', &format!("' || chr(58) || {quote}"));
    format!("({whole})::{kind}")
}

/// The whole number that follows that label in pgbench's report.
fn number_after(told: &str, label: &str) -> Result<u64> {
    let (_, rest) = told
        .split_once(label)
        .with_context(|| format!("pgbench does not tell `{label}`:\n{told}"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("`{label}` in:\n{told}"))
}

/// The program pgbench: where Debian puts it, or on the PATH. Debian's own on the PATH only starts one of the former.
pub fn pgbench() -> Result<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path));
    match places
        .iter()
        .map(|place| place.join("pgbench"))
        .find(|file| file.is_file())
    {
        Some(found) => Ok(found),
        None => bail!("pgbench is missing; type: apt-get install postgresql"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_in_whole_numbers() {
        let told = "number of transactions actually processed: 1234\ntps = 617.9 (without)";
        let label = "number of transactions actually processed: ";
        assert_eq!(number_after(told, label).unwrap(), 1234);
        assert_eq!(number_after(told, "tps = ").unwrap(), 617);
        assert!(number_after(told, "latency = ").is_err());
    }

    #[test]
    fn a_constant_has_no_colon_before_a_letter() {
        let text = constant(r#"'{"a":true}'"#, "jsonb");
        assert_eq!(text, r#"('{"a"' || chr(58) || 'true}')::jsonb"#);
        assert_eq!(constant("NULL", "bigint"), "(NULL)::bigint");
    }
}
