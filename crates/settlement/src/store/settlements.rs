//! The table `settlements` (정산 정보): statements. Only ever inserted.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ids::{ContractId, PartnerId, SettlementId, WindowId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{columns, ids_shown};
use crate::domain::contract::Account;
use crate::domain::statement::Outcome;

/// What the lines of a window add up to, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many lines.
    pub line_count: i64,
    /// G.
    pub gross_minor: i64,
    /// Dp.
    pub partner_discount_minor: i64,
    /// Dm.
    pub platform_discount_minor: i64,
    /// F.
    pub fee_minor: i64,
    /// All VAT on fees.
    pub fee_vat_minor: i64,
    /// The part of that VAT which the partner bears.
    pub fee_vat_on_top_minor: i64,
    /// Shipping.
    pub shipping_minor: i64,
    /// Net.
    pub earned_minor: i64,
}

/// Adds up the lines of each window, in 128 bits; a total that does not fit 64 is refused by the database.
pub async fn totals(
    conn: &mut PgConnection,
    windows: &[WindowId],
) -> Result<HashMap<WindowId, Totals>, sqlx::Error> {
    let ids: Vec<Uuid> = windows.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_file!("src/store/window_totals.sql", &ids)
        .fetch_all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let totals = Totals {
                line_count: row.line_count,
                gross_minor: row.gross_minor,
                partner_discount_minor: row.partner_discount_minor,
                platform_discount_minor: row.platform_discount_minor,
                fee_minor: row.fee_minor,
                fee_vat_minor: row.fee_vat_minor,
                fee_vat_on_top_minor: row.fee_vat_on_top_minor,
                shipping_minor: row.shipping_minor,
                earned_minor: row.earned_minor,
            };
            (WindowId::from_uuid(row.window_id), totals)
        })
        .collect())
}

/// A statement that is to be written.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its id.
    pub id: SettlementId,
    /// The window that it closes.
    pub window_id: WindowId,
    /// Whose it is.
    pub account: Account,
    /// The window's first day.
    pub starts_on: NaiveDate,
    /// The window's last day.
    pub ends_on: NaiveDate,
    /// Where its days begin and end.
    pub time_zone: &'static str,
    /// When it is to be paid.
    pub due_on: NaiveDate,
    /// The version of the holiday calendar.
    pub calendar_version: &'static str,
    /// The contract in force on the window's last day.
    pub contract_id: ContractId,
    /// Its version.
    pub contract_version: i32,
    /// What the lines add up to.
    pub totals: Totals,
    /// The contract's minimum, in minor units.
    pub minimum_payout_minor: i64,
    /// What is paid and what is carried forward.
    pub outcome: Outcome,
}

/// Writes statements. A second one of a window violates `settlements_one_a_window`.
pub async fn insert(
    conn: &mut PgConnection,
    statements: &[Statement],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let each = || statements.iter();
    let totals = || statements.iter().map(|s| s.totals);
    let outcomes = || statements.iter().map(|s| s.outcome);
    let (partners, currencies) = columns(each().map(|s| &s.account));
    sqlx::query_file!(
        "src/store/insert_settlements.sql",
        &each().map(|s| s.id.as_uuid()).collect::<Vec<_>>(),
        &each().map(|s| s.window_id.as_uuid()).collect::<Vec<_>>(),
        &partners,
        &currencies as &[&str],
        &each().map(|s| s.starts_on).collect::<Vec<_>>(),
        &each().map(|s| s.ends_on).collect::<Vec<_>>(),
        &each().map(|s| s.time_zone).collect::<Vec<_>>() as &[&str],
        &each().map(|s| s.due_on).collect::<Vec<_>>(),
        &each().map(|s| s.calendar_version).collect::<Vec<_>>() as &[&str],
        &each().map(|s| s.contract_id.as_uuid()).collect::<Vec<_>>(),
        &each().map(|s| s.contract_version).collect::<Vec<_>>(),
        &totals().map(|t| t.line_count).collect::<Vec<_>>(),
        &totals().map(|t| t.gross_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.partner_discount_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.platform_discount_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.fee_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.fee_vat_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.fee_vat_on_top_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.shipping_minor).collect::<Vec<_>>(),
        &totals().map(|t| t.earned_minor).collect::<Vec<_>>(),
        &outcomes().map(|o| o.carried_in_minor).collect::<Vec<_>>(),
        &each().map(|s| s.minimum_payout_minor).collect::<Vec<_>>(),
        &outcomes().map(|o| o.payable_minor).collect::<Vec<_>>(),
        &outcomes().map(|o| o.carried_out_minor).collect::<Vec<_>>(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A row of the table, as it is shown, with the partner's name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Settlement {
    /// Its id.
    #[serde(serialize_with = "ids_shown::settlement")]
    #[schema(value_type = SettlementId)]
    pub id: Uuid,
    /// The window that it closed.
    #[serde(serialize_with = "ids_shown::window")]
    #[schema(value_type = WindowId)]
    pub window_id: Uuid,
    /// Whose it is.
    #[serde(serialize_with = "ids_shown::partner")]
    #[schema(value_type = PartnerId)]
    pub partner_id: Uuid,
    /// The operator's own name for the partner.
    pub partner_reference: Option<String>,
    /// What people call the partner.
    pub partner_name: Option<String>,
    /// The currency of every amount.
    pub currency: String,
    /// First business day of the window.
    pub starts_on: NaiveDate,
    /// Last business day of the window.
    pub ends_on: NaiveDate,
    /// Where its days begin and end.
    pub time_zone: String,
    /// When it is to be paid.
    pub due_on: NaiveDate,
    /// The version of the holiday calendar.
    pub calendar_version: String,
    /// The contract in force on the window's last day: it gave due date and minimum.
    #[serde(serialize_with = "ids_shown::contract")]
    #[schema(value_type = ContractId)]
    pub contract_id: Uuid,
    /// That contract's version.
    pub contract_version: i32,
    /// How many lines it counts.
    pub line_count: i64,
    /// The sum of its lines' G, in minor units.
    pub gross_minor: i64,
    /// Dp: discounts that the partner funds, in minor units.
    pub partner_discount_minor: i64,
    /// Dm: discounts that the platform funds, in minor units.
    pub platform_discount_minor: i64,
    /// The sum of its lines' fees, in minor units.
    pub fee_minor: i64,
    /// All VAT on fees, in minor units.
    pub fee_vat_minor: i64,
    /// The part of that VAT which the partner bears on top, in minor units.
    pub fee_vat_on_top_minor: i64,
    /// Shipping passed to the partner, in minor units.
    pub shipping_minor: i64,
    /// The sum of its lines' net, in minor units.
    pub earned_minor: i64,
    /// What earlier statements left over, in minor units; negative where the partner owed.
    pub carried_in_minor: i64,
    /// A statement below this carries forward, in minor units.
    pub minimum_payout_minor: i64,
    /// What is to be paid out, in minor units.
    pub payable_minor: i64,
    /// What is left for the next statement; earned + carried in = payable + carried out.
    pub carried_out_minor: i64,
    /// When the window was closed.
    pub settled_at: DateTime<Utc>,
}

/// Which statements to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Of this partner.
    pub partner_id: Option<PartnerId>,
    /// In this currency.
    pub currency: Option<String>,
    /// Whose window ends on this day or later.
    pub ends_on_from: Option<NaiveDate>,
    /// Whose window ends on this day or earlier.
    pub ends_on_to: Option<NaiveDate>,
}

/// Statements, newest first, after `last`, at most `limit`.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Settlement>, sqlx::Error> {
    sqlx::query_file_as!(
        Settlement,
        "src/store/list_settlements.sql",
        filter.partner_id.map(PartnerId::as_uuid),
        filter.currency,
        filter.ends_on_from,
        filter.ends_on_to,
        last,
        limit
    )
    .fetch_all(pool)
    .await
}

/// The statement of that id.
pub async fn get(pool: &PgPool, id: SettlementId) -> Result<Option<Settlement>, sqlx::Error> {
    sqlx::query_as!(
        Settlement,
        r#"select s.*, p.reference as "partner_reference?", p.name as "partner_name?"
             from settlements s left join known_partners p on p.partner_id = s.partner_id
            where s.id = $1"#,
        id.as_uuid()
    )
    .fetch_optional(pool)
    .await
}
