//! The table `accounts`: the chart.

use sqlx::PgPool;

use crate::domain::AccountType;

use super::unreadable;

/// An account of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountRow {
    /// Its code.
    pub(crate) code: String,
    /// Where it stands in the chart.
    pub(crate) number: i32,
    /// English name.
    pub(crate) name_en: String,
    /// Korean name.
    pub(crate) name_ko: String,
    /// What it is.
    pub(crate) kind: AccountType,
}

/// The chart, in its order.
pub(crate) async fn list(pool: &PgPool) -> Result<Vec<AccountRow>, sqlx::Error> {
    let rows =
        sqlx::query!("select code, number, name_en, name_ko, type as kind from accounts order by number")
            .fetch_all(pool)
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AccountRow {
                kind: AccountType::parse(&row.kind)
                    .ok_or_else(|| unreadable("type of an account", &row.kind))?,
                code: row.code,
                number: row.number,
                name_en: row.name_en,
                name_ko: row.name_ko,
            })
        })
        .collect()
}

/// Whether the chart has an account of that code.
pub(crate) async fn exists(pool: &PgPool, code: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from accounts where code = $1) as "exists!""#,
        code
    )
    .fetch_one(pool)
    .await
}
