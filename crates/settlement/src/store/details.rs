//! The table `settlement_details` (정산 상세): priced lines. Only ever inserted.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::{Bearer, FeeBase};
use ids::{ContractId, PartnerId, PaymentId, SettlementDetailId, SettlementId, WindowId};
use money::Rounding;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{columns, ids_shown};
use crate::domain::contract::ContractVersion;
use crate::domain::line::SaleLine;
use crate::domain::pricing::Price;

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

/// Writes priced lines. One of a payment and number that are there already violates `settlement_details_once`.
pub async fn insert(
    conn: &mut PgConnection,
    details: &[PricedDetail<'_>],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let lines = || details.iter().map(|d| d.line);
    let prices = || details.iter().map(|d| d.price);
    let terms = || details.iter().map(|d| &d.version.terms);
    let ppm = |rate: money::Rate| i32::try_from(rate.ppm()).unwrap_or(i32::MAX);
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
    /// How many; negative where this takes a sale back.
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
}

/// The lines of a statement, newest first, after `last`, at most `limit`.
pub async fn of_settlement(
    pool: &PgPool,
    settlement_id: SettlementId,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Detail>, sqlx::Error> {
    sqlx::query_as!(
        Detail,
        r#"select d.*, s.id as "settlement_id?"
             from settlements s join settlement_details d on d.window_id = s.window_id
            where s.id = $1 and ($2::uuid is null or d.id < $2)
            order by d.id desc limit $3"#,
        settlement_id.as_uuid(),
        last,
        limit
    )
    .fetch_all(pool)
    .await
}

/// The priced lines of a payment, by number.
pub async fn of_payment(pool: &PgPool, payment_id: PaymentId) -> Result<Vec<Detail>, sqlx::Error> {
    sqlx::query_as!(
        Detail,
        r#"select d.*, s.id as "settlement_id?"
             from settlement_details d left join settlements s on s.window_id = d.window_id
            where d.payment_id = $1
            order by d.line_number"#,
        payment_id.as_uuid()
    )
    .fetch_all(pool)
    .await
}
