//! The row that an event leaves behind, whoever reads it.

use chrono::{DateTime, Utc};
use contracts::events::PaymentCompleted;
use sqlx::PgConnection;
use uuid::Uuid;

/// The table.
pub const EFFECTS: &str = "create table effects (payment_id uuid primary key, order_reference text not null,
                                                 sold_at timestamptz not null, captured_minor bigint not null)";

/// Rows of one batch, by column.
#[derive(Debug, Default)]
pub struct Rows {
    payments: Vec<Uuid>,
    references: Vec<String>,
    times: Vec<DateTime<Utc>>,
    amounts: Vec<i64>,
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.payments.len()
    }

    /// Adds that of an event.
    pub fn push(&mut self, event: PaymentCompleted) {
        self.payments.push(event.payment_id.as_uuid());
        self.references.push(event.order_reference);
        self.times.push(event.sold_at);
        let captured = event.tenders.iter().map(|tender| tender.captured_minor);
        self.amounts.push(captured.sum());
    }

    /// Writes them in one statement.
    pub async fn insert(self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into effects (payment_id, order_reference, sold_at, captured_minor)
             select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[])",
        )
        .bind(self.payments)
        .bind(self.references)
        .bind(self.times)
        .bind(self.amounts)
        .execute(conn)
        .await?;
        Ok(())
    }
}
