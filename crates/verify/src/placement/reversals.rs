//! What refunds take back of priced lines, worked out again from the lines.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::{Bearer, ContractTerms};
use sqlx::FromRow;
use uuid::Uuid;

use super::MARGIN;
use crate::pricing::{Steps, taken_back};
use crate::terms::Version;

/// What a row says of the refund that it is of, and of its original; nothing where it is of a sale.
#[derive(Debug, FromRow)]
pub(super) struct Reversal {
    reverses: Option<Uuid>,
    owed_minor: Option<i64>,
    refunded_before_minor: Option<i64>,
    refunded_at: Option<DateTime<Utc>>,
    refunded_on: Option<NaiveDate>,
    original_gross_minor: Option<i64>,
    original_partner_discount_minor: Option<i64>,
    original_platform_discount_minor: Option<i64>,
    original_shipping_minor: Option<i64>,
    original_fee_base_minor: Option<i64>,
    original_fee_rate_ppm: Option<i32>,
    original_share_fee_minor: Option<i64>,
    original_flat_fee_minor: Option<i64>,
    original_shipping_fee_minor: Option<i64>,
    original_fee_vat_minor: Option<i64>,
    #[sqlx(flatten)]
    original: Original,
}

/// What a row beside a sale shares with it.
#[derive(Debug, FromRow)]
pub(super) struct Original {
    original_partner_id: Option<Uuid>,
    original_currency: Option<String>,
    original_category: Option<String>,
    original_contract_id: Option<Uuid>,
    original_contract_version: Option<i32>,
    original_sold_at: Option<DateTime<Utc>>,
    original_sold_on: Option<NaiveDate>,
}

/// What stands in the row itself, as far as the price follows from it.
pub(super) struct Row<'a> {
    pub(super) account: (Uuid, &'a str),
    pub(super) category: &'a str,
    pub(super) contract: (Uuid, i32),
    pub(super) sold: (DateTime<Utc>, NaiveDate),
    pub(super) gross: i128,
    pub(super) by_partner: i128,
    pub(super) by_platform: i128,
    pub(super) shipping: i128,
}

impl Original {
    /// What the row does not share with its original, though it must.
    pub(super) fn shared_by(&self, row: &Row<'_>) -> Result<(), String> {
        let shared = (
            (
                self.original_partner_id,
                self.original_currency.as_deref(),
                self.original_category.as_deref(),
            ),
            (self.original_contract_id, self.original_contract_version),
            (self.original_sold_at, self.original_sold_on),
        );
        let stands = (
            (Some(row.account.0), Some(row.account.1), Some(row.category)),
            (Some(row.contract.0), Some(row.contract.1)),
            (Some(row.sold.0), Some(row.sold.1)),
        );
        if shared != stands {
            return Err(format!("the original is of {shared:?}, this of {stands:?}"));
        }
        Ok(())
    }
}

impl Reversal {
    /// Whether the row is of a refund.
    pub(super) fn is_one(&self) -> bool {
        self.reverses.is_some()
    }

    /// The day of the refund.
    pub(super) fn day(&self) -> NaiveDate {
        self.refunded_on.unwrap_or_default()
    }

    /// The price that the row must have; or what it does not share with its original, though it must.
    pub(super) fn of(&self, row: &Row<'_>, terms: &ContractTerms) -> Result<Steps, String> {
        let wide = |minor: Option<i64>| i128::from(minor.unwrap_or_default());
        self.original.shared_by(row)?;
        let owed = wide(self.original_gross_minor)
            - wide(self.original_partner_discount_minor)
            - wide(self.original_platform_discount_minor)
            + wide(self.original_shipping_minor);
        if owed != wide(self.owed_minor) {
            return Err(format!(
                "{owed} was owed for the original, this says {:?}",
                self.owed_minor
            ));
        }
        let before = wide(self.refunded_before_minor);
        // Below 0 where it went back to the buyer, above where it came in again.
        let paid = row.gross - row.by_partner - row.by_platform + row.shipping;
        let part = |amount| taken_back(wide(amount), owed, before, before - paid);
        let share = part(self.original_share_fee_minor);
        let flat = part(self.original_flat_fee_minor);
        let of_shipping = part(self.original_shipping_fee_minor);
        let vat = part(self.original_fee_vat_minor);
        let fee = share + flat + of_shipping;
        let on_top = match terms.fee_vat.borne_by {
            Bearer::Partner => vat,
            Bearer::Platform => 0,
        };
        Ok(Steps {
            gross: row.gross,
            base: part(self.original_fee_base_minor),
            rate_ppm: self
                .original_fee_rate_ppm
                .and_then(|ppm| u32::try_from(ppm).ok())
                .unwrap_or(u32::MAX),
            share,
            flat,
            of_shipping,
            fee,
            vat,
            net: row.gross - row.by_partner - fee - on_top + row.shipping,
        })
    }

    /// When it happened.
    pub(super) fn at(&self) -> Option<DateTime<Utc>> {
        self.refunded_at
    }
}

/// The versions that may have been in force at `at`, as far as they were known when the row was written at
/// `recorded_at`: one, unless another came in at that moment. Where none was, that of the sale.
pub(super) fn in_force<'a>(
    at: Option<DateTime<Utc>>,
    of_sale: &'a Version,
    versions: &'a [Version],
    recorded_at: DateTime<Utc>,
) -> [&'a Version; 2] {
    [recorded_at - MARGIN, recorded_at + MARGIN].map(|known_by| {
        versions
            .iter()
            .filter(|v| v.recorded_at <= known_by || std::ptr::eq(*v, of_sale))
            .rfind(|v| at.is_some_and(|at| v.valid_from <= v.terms.time_zone.date_of(at)))
            .unwrap_or(of_sale)
    })
}

/// What is wrong with the day on which something happened, if that version was in force.
pub(super) fn misdated(at: Option<DateTime<Utc>>, on: NaiveDate, version: &Version) -> Option<String> {
    let wanted = at.map(|at| version.terms.time_zone.date_of(at));
    (wanted != Some(on)).then(|| format!("happened on {wanted:?}, this says {on}"))
}
