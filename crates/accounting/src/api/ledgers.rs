//! Ledgers: month by month, what accounts and partners posted.

use axum::Json;
use axum::extract::State as FromState;
use ids::PartnerId;
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Problem, Query, Reader};

use crate::Error;
use crate::ops::BOOK;
use crate::store::{accounts, ledgers};

use super::State;

/// Whose ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The code of one account; left out, all accounts.
    account: Option<String>,
    /// One partner; left out, all partners together.
    partner_id: Option<PartnerId>,
}

/// Ledgers (원장).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ledgers {
    /// The set of books.
    #[schema(example = "main")]
    book: String,
    /// Newest month first, then by currency and in the chart's order.
    data: Vec<Ledger>,
}

/// What an account posted in one month and currency. Sums are decimal text, since they may be greater than JSON's
/// numbers hold: 128-bit counts of minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ledger {
    /// The account's code.
    account: String,
    /// The partner, where one was asked for.
    partner_id: Option<PartnerId>,
    /// The currency of the amounts.
    currency: Currency,
    /// The month.
    #[schema(example = "2026-11")]
    period: String,
    /// Debit less credit of everything before the month.
    opening_minor: String,
    /// Debits of the month.
    debit_minor: String,
    /// Credits of the month.
    credit_minor: String,
    /// Debit less credit at the month's end: above 0 it stands on the debit side.
    closing_minor: String,
}

/// Lists ledgers of accounts, of one partner or of all together.
#[utoipa::path(
    get,
    path = "/v1/ledgers",
    tag = "accounting",
    params(Params),
    responses(
        (status = 200, description = "The ledgers", body = Ledgers),
        (status = 422, description = "There is no such account", body = Problem),
    )
)]
pub(crate) async fn list(
    FromState(state): FromState<State>,
    _: Reader,
    Query(params): Query<Params>,
) -> Result<Json<Ledgers>, Problem> {
    let pool = state.outbox.db().pool();
    if let Some(code) = &params.account
        && !accounts::exists(pool, code).await.map_err(Error::from)?
    {
        return Err(Problem::field(
            "account",
            "give a code that GET /v1/accounts lists",
        ));
    }
    let mut conn = state.outbox.db().acquire_lagging().await.map_err(Error::from)?;
    let rows = ledgers::by_month(&mut *conn, BOOK, params.account.as_deref(), params.partner_id)
        .await
        .map_err(Error::from)?;
    let data = rows
        .into_iter()
        .map(|(month, row)| Ledger {
            account: row.account,
            partner_id: params.partner_id,
            currency: row.currency,
            period: month.to_string(),
            opening_minor: row.opening_minor.to_string(),
            debit_minor: row.debit_minor.to_string(),
            credit_minor: row.credit_minor.to_string(),
            closing_minor: (row.opening_minor + row.debit_minor - row.credit_minor).to_string(),
        })
        .collect();
    Ok(Json(Ledgers {
        book: BOOK.to_owned(),
        data,
    }))
}
