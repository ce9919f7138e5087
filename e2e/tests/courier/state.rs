//! What the services have, without what differs from run to run: identifiers and the time of day.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use contracts::topics;
use e2e::Platform;
use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};

/// Rows of all databases as text, sorted.
pub struct State {
    pub rows: Vec<String>,
}

/// The databases, and what makes a row of it a text. Payments through the simulator are sold at the time of day: their
/// lines have no date here, and no statement yet.
const ROWS: &[(&str, &str)] = &[
    (
        "payment",
        "select concat_ws(' ', 'payment', order_reference, status, owed_minor, captured_minor, failure_code) from payments",
    ),
    (
        "payment",
        "select concat_ws(' ', 'known partner', p.status, p.version, count(*)) from known_partners p group by p.status, p.version",
    ),
    (
        "settlement",
        "select concat_ws(' ', 'partner', reference, name, kind, status, version) from known_partners",
    ),
    (
        "settlement",
        "select concat_ws(' ', 'line', p.reference, d.line_number, d.gross_minor, d.fee_minor, d.fee_vat_minor, d.net_minor,
                          case when w.ends_on < '2026-10-01' then concat(w.starts_on, ' ', d.sold_at) end)
           from settlement_details d
           join known_partners p using (partner_id)
           join windows w on w.id = d.window_id",
    ),
    (
        "settlement",
        "select concat_ws(' ', 'statement', p.reference, s.currency, s.starts_on, s.ends_on, s.due_on, s.line_count,
                          s.gross_minor, s.fee_minor, s.fee_vat_minor, s.earned_minor, s.carried_in_minor,
                          s.payable_minor, s.carried_out_minor)
           from settlements s join known_partners p using (partner_id)",
    ),
    (
        "accounting",
        "select concat_ws(' ', 'journal', e.book, e.source_topic, e.source_number, l.account, l.partner_id, l.side,
                          l.amount_minor, l.currency, count(*))
           from journal_lines l join journal_entries e on e.id = l.entry_id
          group by e.book, e.source_topic, e.source_number, l.account, l.partner_id, l.side, l.amount_minor, l.currency",
    ),
    (
        "accounting",
        "select concat_ws(' ', 'break', kind, amount_minor, currency, state, count(*)) from breaks
          group by kind, amount_minor, currency, state",
    ),
    (
        "reporting",
        "select concat_ws(' ', 'report', book, kind, account, currency, sum(entry_count), sum(debit_minor), sum(credit_minor))
           from daily_totals group by book, kind, account, currency",
    ),
    (
        "reporting",
        "select concat_ws(' ', 'report', partner_id, book, account, currency, sum(entry_count), sum(debit_minor),
                          sum(credit_minor))
           from partner_totals group by partner_id, book, account, currency",
    ),
    (
        "notification",
        "select concat_ws(' ', 'notification', kind, title, count(*)) from notifications group by kind, title",
    ),
];

impl State {
    /// None while something is still to be made, handled or settled.
    pub async fn of(platform: &Platform, payments: u64) -> Result<Option<Self>> {
        let mut databases = Databases::open(platform).await?;
        if !databases.are_at_rest(i64::try_from(payments)?).await? {
            return Ok(None);
        }
        let partners = "select partner_id::text, reference from known_partners";
        let partners: Vec<(String, String)> = sqlx::query_as(partners)
            .fetch_all(databases.of("settlement")?)
            .await?;
        let mut rows = Vec::new();
        for (service, sql) in ROWS {
            let texts: Vec<String> = sqlx::query_scalar(*sql).fetch_all(databases.of(service)?).await?;
            rows.extend(texts.into_iter().map(|text| named(text, &partners)));
        }
        rows.sort_unstable();
        Ok(Some(Self { rows }))
    }

    /// SHA-256 of the rows.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for row in &self.rows {
            hash.update(row);
            hash.update("\n");
        }
        hex::encode(hash.finalize())
    }

    /// The first rows that only one of them has.
    pub fn difference(&self, other: &Self) -> String {
        let only = |one: &Self, other: &Self| {
            let rows = one.rows.iter().filter(|row| !other.rows.contains(row));
            rows.take(10).cloned().collect::<Vec<_>>().join("\n")
        };
        format!(
            "only here:\n{}\nonly there:\n{}",
            only(self, other),
            only(other, self)
        )
    }
}

/// Partners by the names that they have everywhere.
fn named(text: String, partners: &[(String, String)]) -> String {
    partners
        .iter()
        .fold(text, |text, (id, reference)| text.replace(id, reference))
}

/// A connection to each service's database.
struct Databases(BTreeMap<&'static str, PgConnection>);

impl Databases {
    async fn open(platform: &Platform) -> Result<Self> {
        let url = std::fs::read_to_string(platform.data_dir().join("postgres.url"))?;
        let options = PgConnectOptions::from_str(url.trim())?;
        let mut open = BTreeMap::new();
        let producers = topics::ALL.iter().map(|topic| topic.producer);
        let consumers = topics::ALL
            .iter()
            .flat_map(|topic| topic.consumers.iter().copied());
        for service in producers.chain(consumers) {
            if !open.contains_key(service) {
                let own = options.clone().database(&format!("{service}db"));
                open.insert(service, own.connect().await?);
            }
        }
        Ok(Self(open))
    }

    fn of(&mut self, service: &str) -> Result<&mut PgConnection> {
        self.0
            .get_mut(service)
            .with_context(|| format!("{service} has no database"))
    }

    async fn count(&mut self, service: &str, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(self.of(service)?).await?)
    }

    /// Whether all payments are made, every event is handled, and what was sold in September stands in statements.
    async fn are_at_rest(&mut self, payments: i64) -> Result<bool> {
        let made = "select count(*) from payments where status <> 'processing'";
        let unsettled = "select (select count(*) from settlement_details where sold_at < '2026-09-30')
                              - (select coalesce(sum(line_count), 0)::bigint from settlements)";
        if self.count("payment", made).await? != payments || self.count("settlement", unsettled).await? != 0 {
            return Ok(false);
        }
        // What was handled is published by the time when the next topic is looked at.
        for topic in topics::ALL {
            let published = "select count(*) from bus.outbox where topic = $1";
            let published: i64 = sqlx::query_scalar(published)
                .bind(topic.name)
                .fetch_one(self.of(topic.producer)?)
                .await?;
            for consumer in topic.consumers {
                let handled = "select coalesce(sum(number), 0)::bigint from bus.handled where topic = $1";
                let handled: i64 = sqlx::query_scalar(handled)
                    .bind(topic.name)
                    .fetch_one(self.of(consumer)?)
                    .await?;
                if handled != published {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
