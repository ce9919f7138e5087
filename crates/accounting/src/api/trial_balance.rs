//! The trial balance: do the books balance?

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as FromState;
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Problem, Query, Reader};

use crate::Error;
use crate::ops::BOOK;
use crate::store::ledgers::{self, BalanceRow};

use super::{State, month};

/// Which trial balance.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The month, `yyyy-mm`; left out, everything posted so far.
    period: Option<String>,
}

/// A trial balance. Sums are decimal text, since they may be greater than JSON's numbers hold: 128-bit counts of
/// minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialBalance {
    /// The set of books.
    #[schema(example = "main")]
    book: String,
    /// The month that it shows; null: everything posted so far.
    #[schema(example = "2026-11")]
    period: Option<String>,
    /// By currency, then in the chart's order.
    accounts: Vec<AccountBalance>,
    /// One for each currency.
    totals: Vec<Total>,
}

/// An account in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountBalance {
    /// The account's code.
    account: String,
    /// The currency of the amounts.
    currency: Currency,
    /// Debit less credit of everything before the month.
    #[schema(example = "0")]
    opening_minor: String,
    /// Debits of the month.
    debit_minor: String,
    /// Credits of the month.
    credit_minor: String,
    /// Debit less credit at the month's end: above 0 it stands on the debit side.
    closing_minor: String,
}

/// All accounts of one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Total {
    /// The currency of the amounts.
    currency: Currency,
    /// All debits of the month.
    debit_minor: String,
    /// All credits of the month.
    credit_minor: String,
    /// Debit less credit at the month's end over all accounts: "0", or the books do not balance.
    #[schema(example = "0")]
    difference_minor: String,
}

/// Shows the trial balance of a month, taken from the ledgers.
#[utoipa::path(
    get,
    path = "/v1/trial-balance",
    tag = "accounting",
    params(Params),
    responses(
        (status = 200, description = "The trial balance", body = TrialBalance),
        (status = 422, description = "The period is not a month", body = Problem),
    )
)]
pub(crate) async fn get(
    FromState(state): FromState<State>,
    _: Reader,
    Query(params): Query<Params>,
) -> Result<Json<TrialBalance>, Problem> {
    let period = match &params.period {
        Some(text) => Some(month("period", text)?),
        None => None,
    };
    let mut conn = state.outbox.db().acquire_lagging().await.map_err(Error::from)?;
    let rows = ledgers::trial_balance(&mut *conn, BOOK, period)
        .await
        .map_err(Error::from)?;
    Ok(Json(TrialBalance {
        book: BOOK.to_owned(),
        period: period.map(|month| month.to_string()),
        totals: totals(&rows),
        accounts: rows
            .into_iter()
            .map(|row| AccountBalance {
                closing_minor: closing(&row).to_string(),
                account: row.account,
                currency: row.currency,
                opening_minor: row.opening_minor.to_string(),
                debit_minor: row.debit_minor.to_string(),
                credit_minor: row.credit_minor.to_string(),
            })
            .collect(),
    }))
}

fn closing(row: &BalanceRow) -> i128 {
    row.opening_minor + row.debit_minor - row.credit_minor
}

fn totals(rows: &[BalanceRow]) -> Vec<Total> {
    let mut totals: BTreeMap<Currency, (i128, i128, i128)> = BTreeMap::new();
    for row in rows {
        let (debit, credit, difference) = totals.entry(row.currency).or_default();
        *debit += row.debit_minor;
        *credit += row.credit_minor;
        *difference += closing(row);
    }
    totals
        .into_iter()
        .map(|(currency, (debit, credit, difference))| Total {
            currency,
            debit_minor: debit.to_string(),
            credit_minor: credit.to_string(),
            difference_minor: difference.to_string(),
        })
        .collect()
}
