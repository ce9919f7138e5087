//! The chart of accounts.

use axum::Json;
use axum::extract::State as FromState;
use contracts::events::Side;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Problem, Reader};

use crate::Error;
use crate::domain::AccountType;
use crate::store::accounts;

use super::State;

/// The chart of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accounts {
    /// In the chart's order.
    data: Vec<AccountView>,
}

/// An account (계정).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView {
    /// What lines and filters call it.
    #[schema(example = "fee_income")]
    code: String,
    /// Where it stands in the chart: 1xxx assets, 2xxx liabilities, 3xxx equity, 4xxx income, 5xxx expenses.
    number: i32,
    /// English name.
    name_en: String,
    /// Korean name.
    name_ko: String,
    /// What it is.
    #[serde(rename = "type")]
    kind: AccountType,
    /// The side on which it grows.
    normal_side: Side,
}

/// Lists the chart of accounts.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    tag = "accounting",
    responses((status = 200, description = "The chart of accounts", body = Accounts))
)]
pub(crate) async fn list(FromState(state): FromState<State>, _: Reader) -> Result<Json<Accounts>, Problem> {
    let rows = accounts::list(state.outbox.db().pool())
        .await
        .map_err(Error::from)?;
    let data = rows
        .into_iter()
        .map(|row| AccountView {
            code: row.code,
            number: row.number,
            name_en: row.name_en,
            name_ko: row.name_ko,
            kind: row.kind,
            normal_side: row.kind.normal_side(),
        })
        .collect();
    Ok(Json(Accounts { data }))
}
