//! What disputes take of priced lines and give back: without a fee, on the day of the change.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::reversals::{Original, Row};
use crate::pricing::Steps;

/// What a row says of the dispute that it is of, and of its original; nothing where it is of none.
#[derive(Debug, FromRow)]
pub(super) struct Disputed {
    disputes: Option<Uuid>,
    funds: Option<String>,
    changed_at: Option<DateTime<Utc>>,
    changed_on: Option<NaiveDate>,
    #[sqlx(flatten)]
    original: Original,
}

impl Disputed {
    /// Whether the row is of a dispute.
    pub(super) fn is_one(&self) -> bool {
        self.disputes.is_some()
    }

    /// When the money moved.
    pub(super) fn at(&self) -> Option<DateTime<Utc>> {
        self.changed_at
    }

    /// The day of that.
    pub(super) fn day(&self) -> NaiveDate {
        self.changed_on.unwrap_or_default()
    }

    /// The price that the row must have; or what it does not share with its original, though it must.
    pub(super) fn of(&self, row: &Row<'_>) -> Result<Steps, String> {
        self.original.shared_by(row)?;
        if (row.by_partner, row.by_platform, row.shipping) != (0, 0, 0) {
            return Err("a dispute takes nothing of discounts and shipping".to_owned());
        }
        let takes = self.funds.as_deref() == Some("withdrawn");
        if row.gross == 0 || takes != (row.gross < 0) {
            return Err(format!("was {:?}, and is {}", self.funds, row.gross));
        }
        Ok(Steps {
            gross: row.gross,
            base: 0,
            rate_ppm: 0,
            share: 0,
            flat: 0,
            of_shipping: 0,
            fee: 0,
            vat: 0,
            net: row.gross,
        })
    }
}
