//! The table `settlement_details` (정산 상세): priced lines. Only ever inserted.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::{Bearer, FeeBase};
use ids::{
    ContractId, DisputeId, PartnerId, PaymentId, SettlementDetailId, SettlementId, TransactionId, WindowId,
};
use money::{Rate, Rounding};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{account, columns, ids_shown, key_columns, unreadable};
use crate::Error;
use crate::domain::contract::ContractVersion;
use crate::domain::line::{LineKey, SaleLine};
use crate::domain::pricing::Price;
use crate::domain::reversal::Original;

/// A line with its price and the window that counts it.
#[derive(Debug, Clone)]
pub struct PricedDetail<'a> {
    /// The line.
    pub line: &'a SaleLine,
    /// What it costs, step by step.
    pub price: Price,
    /// The version that priced it.
    pub version: &'a ContractVersion,
    /// The window.
    pub window_id: WindowId,
    /// The day of the sale in the contract's time zone.
    pub sold_on: NaiveDate,
    /// The version of the holiday calendar.
    pub calendar_version: &'static str,
}

/// Writes priced lines. A second original of a payment and number violates `settlement_details_sold_once`.
pub async fn insert(
    conn: &mut PgConnection,
    details: &[PricedDetail<'_>],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let lines = || details.iter().map(|d| d.line);
    let prices = || details.iter().map(|d| d.price);
    let terms = || details.iter().map(|d| &d.version.terms);
    let ppm = |rate: Rate| i32::try_from(rate.ppm()).unwrap_or(i32::MAX);
    let (partners, currencies) = columns(lines().map(|l| &l.account));
    sqlx::query_file!(
        "src/store/insert_details.sql",
        &lines().map(|l| l.id.as_uuid()).collect::<Vec<_>>(),
        &lines().map(|l| l.payment_id.as_uuid()).collect::<Vec<_>>(),
        &lines().map(|l| l.line_number).collect::<Vec<_>>(),
        &partners,
        &currencies as &[&str],
        &lines().map(|l| l.category.as_str()).collect::<Vec<_>>() as &[&str],
        &lines().map(|l| l.unit_price_minor).collect::<Vec<_>>(),
        &lines().map(|l| l.quantity).collect::<Vec<_>>(),
        &prices().map(|p| p.gross_minor).collect::<Vec<_>>(),
        &lines().map(|l| l.tax_free_minor).collect::<Vec<_>>(),
        &lines().map(|l| l.partner_discount_minor).collect::<Vec<_>>(),
        &lines().map(|l| l.platform_discount_minor).collect::<Vec<_>>(),
        &terms().map(|t| fee_base(t.fee_base)).collect::<Vec<_>>() as &[&str],
        &prices().map(|p| p.fee_base_minor).collect::<Vec<_>>(),
        &prices().map(|p| ppm(p.fee_rate)).collect::<Vec<_>>(),
        &prices().map(|p| p.share_fee_minor).collect::<Vec<_>>(),
        &prices().map(|p| p.flat_fee_minor).collect::<Vec<_>>(),
        &prices().map(|p| p.shipping_fee_minor).collect::<Vec<_>>(),
        &prices().map(|p| p.fee_minor).collect::<Vec<_>>(),
        &terms().map(|t| ppm(t.fee_vat.rate_ppm)).collect::<Vec<_>>(),
        &prices().map(|p| p.fee_vat_minor).collect::<Vec<_>>(),
        &prices().map(|p| bearer(p.fee_vat_borne_by)).collect::<Vec<_>>() as &[&str],
        &lines().map(|l| l.shipping_minor).collect::<Vec<_>>(),
        &prices().map(|p| p.net_minor).collect::<Vec<_>>(),
        &terms().map(|t| rounding(t.rounding)).collect::<Vec<_>>() as &[&str],
        &details
            .iter()
            .map(|d| d.version.contract_id.as_uuid())
            .collect::<Vec<_>>(),
        &details.iter().map(|d| d.version.version).collect::<Vec<_>>(),
        &details.iter().map(|d| d.window_id.as_uuid()).collect::<Vec<_>>(),
        &lines().map(|l| l.sold_at).collect::<Vec<_>>(),
        &details.iter().map(|d| d.sold_on).collect::<Vec<_>>(),
        &details.iter().map(|d| d.calendar_version).collect::<Vec<_>>() as &[&str],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn fee_base(base: FeeBase) -> &'static str {
    match base {
        FeeBase::Gross => "gross",
        FeeBase::LessPartnerDiscounts => "less_partner_discounts",
        FeeBase::LessAllDiscounts => "less_all_discounts",
    }
}

fn bearer(bearer: Bearer) -> &'static str {
    match bearer {
        Bearer::Partner => "partner",
        Bearer::Platform => "platform",
    }
}

fn rounding(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Down => "down",
        Rounding::Up => "up",
        Rounding::HalfUp => "half_up",
        Rounding::HalfEven => "half_even",
    }
}

/// Holds the priced lines of these payments until the transaction ends: what takes back of them is told of payment by
/// payment, and numbered by what was told before. References to the lines do not wait for it.
pub async fn hold(conn: &mut PgConnection, payments: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select 1 as one from settlement_details
          where payment_id = any($1) and quantity > 0 order by id for no key update",
        payments
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// What was frozen of these lines when they were priced; those that have no price are left out.
pub async fn originals(
    conn: &mut PgConnection,
    lines: impl IntoIterator<Item = LineKey>,
) -> Result<HashMap<LineKey, Original>, Error> {
    let (payments, numbers) = key_columns(lines);
    let rows = sqlx::query_file!("src/store/originals.sql", &payments, &numbers)
        .fetch_all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let owed = i128::from(row.gross_minor)
                - i128::from(row.partner_discount_minor)
                - i128::from(row.platform_discount_minor)
                + i128::from(row.shipping_minor);
            let rate = u32::try_from(row.fee_rate_ppm).unwrap_or(u32::MAX);
            let original = Original {
                id: SettlementDetailId::from_uuid(row.id),
                account: account(row.partner_id, &row.currency)?,
                category: row.category,
                sold_at: row.sold_at,
                sold_on: row.sold_on,
                contract_id: ContractId::from_uuid(row.contract_id),
                contract_version: row.contract_version,
                owed_minor: i64::try_from(owed).map_err(|e| unreadable("what was owed for a line", &e))?,
                fee_base_minor: row.fee_base_minor,
                fee_rate: Rate::from_ppm(rate).map_err(|e| unreadable("the rate of a line", &e))?,
                share_fee_minor: row.share_fee_minor,
                flat_fee_minor: row.flat_fee_minor,
                shipping_fee_minor: row.shipping_fee_minor,
                fee_vat_minor: row.fee_vat_minor,
                // The table knows two words.
                fee_vat_borne_by: if row.fee_vat_borne_by == bearer(Bearer::Platform) {
                    Bearer::Platform
                } else {
                    Bearer::Partner
                },
            };
            Ok(((PaymentId::from_uuid(row.payment_id), row.line_number), original))
        })
        .collect()
}

/// A row of the table, as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Detail {
    /// Its id.
    #[serde(serialize_with = "ids_shown::detail")]
    #[schema(value_type = SettlementDetailId)]
    pub id: Uuid,
    /// The payment.
    #[serde(serialize_with = "ids_shown::payment")]
    #[schema(value_type = PaymentId)]
    pub payment_id: Uuid,
    /// Its number within the payment.
    pub line_number: i32,
    /// Whose sale it is.
    #[serde(serialize_with = "ids_shown::partner")]
    #[schema(value_type = PartnerId)]
    pub partner_id: Uuid,
    /// The currency of every amount.
    pub currency: String,
    /// The category that decided the rate; empty where the caller gave none.
    pub category: String,
    /// The price of one, VAT included, in minor units.
    pub unit_price_minor: i64,
    /// How many; -1 where this takes back of a sale, or, at a price below 0, gives that again.
    pub quantity: i32,
    /// G: price x quantity, in minor units.
    pub gross_minor: i64,
    /// The part of G that is free of VAT, in minor units.
    pub tax_free_minor: i64,
    /// Dp: discounts that the partner funds, in minor units.
    pub partner_discount_minor: i64,
    /// Dm: discounts that the platform funds, in minor units.
    pub platform_discount_minor: i64,
    /// What the fee is a share of: `gross`, `less_partner_discounts` or `less_all_discounts`.
    pub fee_base: String,
    /// B: that amount, in minor units.
    pub fee_base_minor: i64,
    /// The rate, in parts per million.
    pub fee_rate_ppm: i32,
    /// Rate x B within its minimum and maximum, in minor units.
    pub share_fee_minor: i64,
    /// The fixed fee beside it, in minor units.
    pub flat_fee_minor: i64,
    /// The share of shipping, in minor units.
    pub shipping_fee_minor: i64,
    /// F: the three together, in minor units.
    pub fee_minor: i64,
    /// The rate of the VAT on the fee, in parts per million.
    pub fee_vat_rate_ppm: i32,
    /// The VAT on the fee, in minor units.
    pub fee_vat_minor: i64,
    /// Who bears it: `partner` on top of the fee, `platform` out of it.
    pub fee_vat_borne_by: String,
    /// Shipping passed to the partner, in minor units.
    pub shipping_minor: i64,
    /// G - Dp - F - VAT on top + shipping, in minor units.
    pub net_minor: i64,
    /// How fee and VAT were rounded: `down`, `up`, `half_up` or `half_even`.
    pub rounding: String,
    /// The contract.
    #[serde(serialize_with = "ids_shown::contract")]
    #[schema(value_type = ContractId)]
    pub contract_id: Uuid,
    /// That contract's version.
    pub contract_version: i32,
    /// The window that counts it.
    #[serde(serialize_with = "ids_shown::window")]
    #[schema(value_type = WindowId)]
    pub window_id: Uuid,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// The day of the sale in the contract's time zone.
    pub sold_on: NaiveDate,
    /// When it was priced.
    pub recorded_at: DateTime<Utc>,
    /// The version of the holiday calendar.
    pub calendar_version: String,
    /// The statement that counts it; none until its window is settled.
    #[serde(serialize_with = "ids_shown::settlement_if_any")]
    #[schema(value_type = Option<SettlementId>)]
    pub settlement_id: Option<Uuid>,
    /// Where this takes back, or is of a dispute: the line of which it is.
    #[serde(serialize_with = "ids_shown::detail_if_any")]
    #[schema(value_type = Option<SettlementDetailId>)]
    pub reverses: Option<Uuid>,
    /// The refund.
    #[serde(serialize_with = "ids_shown::transaction_if_any")]
    #[schema(value_type = Option<TransactionId>)]
    pub refund_id: Option<Uuid>,
    /// `refunded`, or `reversed` where the refund was taken back.
    pub outcome: Option<String>,
    /// What the buyer owed for the whole line, in minor units.
    pub owed_minor: Option<i64>,
    /// What the buyer had got back of it before, in minor units. The parts of the fee are the original's x refunded /
    /// owed, cut to the minor unit, after this refund less before it.
    pub refunded_before_minor: Option<i64>,
    /// When the refund happened.
    pub refunded_at: Option<DateTime<Utc>>,
    /// The day of the refund; decides the window.
    pub refunded_on: Option<NaiveDate>,
    /// The dispute that took the money, or gave it back; without a fee.
    #[serde(serialize_with = "ids_shown::dispute_if_any")]
    #[schema(value_type = Option<DisputeId>)]
    pub dispute_id: Option<Uuid>,
    /// `withdrawn` by the buyer's bank, or `returned` by it.
    pub funds: Option<String>,
    /// When it did that.
    pub disputed_at: Option<DateTime<Utc>>,
    /// The day of that; decides the window.
    pub disputed_on: Option<NaiveDate>,
}

/// The lines of a statement, newest first, after `last`, at most `limit`.
pub async fn of_settlement(
    pool: &PgPool,
    settlement_id: SettlementId,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Detail>, sqlx::Error> {
    sqlx::query_file_as!(
        Detail,
        "src/store/details_of_settlement.sql",
        settlement_id.as_uuid(),
        last,
        limit
    )
    .fetch_all(pool)
    .await
}

/// The priced lines of a payment, by number, each before what takes back of it.
pub async fn of_payment(pool: &PgPool, payment_id: PaymentId) -> Result<Vec<Detail>, sqlx::Error> {
    sqlx::query_file_as!(Detail, "src/store/details_of_payment.sql", payment_id.as_uuid())
        .fetch_all(pool)
        .await
}
