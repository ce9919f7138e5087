//! The report of one partner.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use ids::PartnerId;
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Path, Problem, Query, Reader};

use crate::App;
use crate::domain::{Months, PartnerKey, Sums};
use crate::error::Error;
use crate::ops;

/// Which months.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartnerQuery {
    /// A day of the first month.
    from: Option<NaiveDate>,
    /// A day of the last month; at most 120 months in all.
    to: Option<NaiveDate>,
    /// Only this currency.
    currency: Option<Currency>,
}

/// What was booked about a partner, by month. Sums are decimal text of minor units, since they may pass 64 bits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerReport {
    /// The partner.
    partner_id: PartnerId,
    /// By month, book, account and currency. Empty where nothing was booked.
    rows: Vec<PartnerRow>,
}

/// What one account took in about the partner in one month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerRow {
    /// The first day of the month.
    month: NaiveDate,
    /// The set of books.
    book: String,
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

impl From<(PartnerKey, Sums)> for PartnerRow {
    fn from((key, sums): (PartnerKey, Sums)) -> Self {
        Self {
            month: key.month,
            book: key.book,
            account: key.account,
            currency: key.currency,
            debit_minor: sums.debit.to_string(),
            credit_minor: sums.credit.to_string(),
            entry_count: sums.entries,
        }
    }
}

/// What was booked about a partner, by month.
#[utoipa::path(
    get, path = "/v1/reports/partners/{id}", tag = "reports", params(("id" = PartnerId, Path), PartnerQuery),
    responses(
        (status = 200, description = "The report", body = PartnerReport),
        (status = 422, description = "A parameter is not valid", body = Problem),
    )
)]
pub(crate) async fn partner(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<PartnerId>,
    Query(query): Query<PartnerQuery>,
) -> Result<Json<PartnerReport>, Problem> {
    let months = Months::parse(query.from, query.to).map_err(Error::Invalid)?;
    let rows = ops::partner(&app.outbox, id, months, query.currency).await?;
    Ok(Json(PartnerReport {
        partner_id: id,
        rows: rows.into_iter().map(PartnerRow::from).collect(),
    }))
}
