//! The daily report.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Problem, Query, Reader};

use crate::App;
use crate::domain::{DailyKey, Period, Sums, totals};
use crate::error::Error;
use crate::ops;

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyQuery {
    /// The first business day.
    from: NaiveDate,
    /// The last business day; at most 93 days in all.
    to: NaiveDate,
    /// Only this currency.
    currency: Option<Currency>,
}

/// What the accounts took in, by day. Sums are decimal text of minor units, since they may pass 64 bits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DailyReport {
    /// The first business day.
    from: NaiveDate,
    /// The last business day.
    to: NaiveDate,
    /// By day, book, kind, account and currency.
    rows: Vec<DailyRow>,
    /// By book and currency. Debit and credit are equal, since every entry balances.
    totals: Vec<DailyTotal>,
}

/// What one account took in on one day by one kind of fact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DailyRow {
    /// The business day.
    posted_on: NaiveDate,
    /// The set of books.
    book: String,
    /// The topic of the fact that was booked.
    #[schema(example = "payment-completed")]
    kind: String,
    /// The account's code.
    account: String,
    /// The currency of both sums.
    currency: Currency,
    /// The sum of debits in minor units.
    #[schema(pattern = "^[0-9]+$")]
    debit_minor: String,
    /// The sum of credits in minor units.
    #[schema(pattern = "^[0-9]+$")]
    credit_minor: String,
    /// Entries with at least one line here.
    entry_count: i64,
}

impl From<(DailyKey, Sums)> for DailyRow {
    fn from((key, sums): (DailyKey, Sums)) -> Self {
        Self {
            posted_on: key.posted_on,
            book: key.book,
            kind: key.kind,
            account: key.account,
            currency: key.currency,
            debit_minor: sums.debit.to_string(),
            credit_minor: sums.credit.to_string(),
            entry_count: sums.entries,
        }
    }
}

/// What all accounts of a book took in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DailyTotal {
    /// The set of books.
    book: String,
    /// The currency of both sums.
    currency: Currency,
    /// The sum of debits in minor units.
    #[schema(pattern = "^[0-9]+$")]
    debit_minor: String,
    /// The sum of credits in minor units.
    #[schema(pattern = "^[0-9]+$")]
    credit_minor: String,
}

/// What the accounts took in, by day.
#[utoipa::path(
    get, path = "/v1/reports/daily", tag = "reports", params(DailyQuery),
    responses(
        (status = 200, description = "The report", body = DailyReport),
        (status = 422, description = "A parameter is not valid", body = Problem),
    )
)]
pub(crate) async fn daily(
    State(app): State<App>,
    _: Reader,
    Query(query): Query<DailyQuery>,
) -> Result<Json<DailyReport>, Problem> {
    let period = Period::parse(query.from, query.to).map_err(Error::Invalid)?;
    let rows = ops::daily(&app.outbox, period, query.currency).await?;
    let sums = rows
        .iter()
        .map(|(key, sums)| (key.book.as_str(), key.currency, *sums));
    let totals = totals(sums)
        .ok_or(Error::TooLarge)?
        .into_iter()
        .map(|((book, currency), sums)| DailyTotal {
            book: book.to_owned(),
            currency,
            debit_minor: sums.debit.to_string(),
            credit_minor: sums.credit.to_string(),
        })
        .collect();
    Ok(Json(DailyReport {
        from: period.from,
        to: period.to,
        rows: rows.into_iter().map(DailyRow::from).collect(),
        totals,
    }))
}
