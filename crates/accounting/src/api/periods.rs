//! Periods: months that take postings, and those that take none any more.

use axum::Json;
use axum::extract::State as FromState;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Code, Operator, Path, Problem, Reader};

use crate::Error;
use crate::domain::{Month, Period, PeriodState};
use crate::ops::{self, BOOK};
use crate::store::periods;

use super::State;

/// The months of the books.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Periods {
    /// The set of books.
    #[schema(example = "main")]
    book: String,
    /// Those that were posted to or closed, newest first.
    data: Vec<PeriodView>,
}

/// A month of the books.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub(crate) struct PeriodView {
    /// The month.
    #[schema(example = "2026-11")]
    period: String,
    /// Open or closed.
    state: PeriodState,
    /// When it was closed.
    closed_at: Option<DateTime<Utc>>,
    /// Who closed it.
    closed_by: Option<String>,
}

impl From<Period> for PeriodView {
    fn from(period: Period) -> Self {
        Self {
            period: period.month.to_string(),
            state: period.state,
            closed_at: period.closed_at,
            closed_by: period.closed_by,
        }
    }
}

/// Lists the months that were posted to or closed.
#[utoipa::path(
    get,
    path = "/v1/periods",
    tag = "accounting",
    responses((status = 200, description = "The months", body = Periods))
)]
pub(crate) async fn list(FromState(state): FromState<State>, _: Reader) -> Result<Json<Periods>, Problem> {
    let months = periods::list(state.outbox.db().pool(), BOOK)
        .await
        .map_err(Error::from)?;
    Ok(Json(Periods {
        book: BOOK.to_owned(),
        data: months.into_iter().map(PeriodView::from).collect(),
    }))
}

/// Closes a month. It stays closed: what belongs to it and comes later is posted to the first open month. Closing a
/// closed month changes nothing, so the request may be repeated.
#[utoipa::path(
    post,
    path = "/v1/periods/{period}/close",
    tag = "accounting",
    params(("period" = String, Path, description = "The month, `yyyy-mm`", example = "2026-10")),
    responses(
        (status = 200, description = "The month is closed", body = PeriodView),
        (status = 404, description = "That is not a month", body = Problem),
        (status = 409, description = "The month is not over, or an earlier one is open", body = Problem),
    )
)]
pub(crate) async fn close(
    FromState(state): FromState<State>,
    Operator(caller): Operator,
    Path(period): Path<String>,
) -> Result<Json<PeriodView>, Problem> {
    let period = Month::parse(&period)
        .ok_or_else(|| Problem::new(Code::NotFound, "name a month as yyyy-mm, for example 2026-10"))?;
    let closed = ops::close_period(&state.outbox, &state.bookkeeper, period, &caller.id).await?;
    Ok(Json(closed.into()))
}
