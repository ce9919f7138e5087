//! Breaks: payments that captured more or less than their lines owe, or of which disputes took more than is left.

use axum::Json;
use axum::extract::State as FromState;
use chrono::{DateTime, Utc};
use ids::{JournalEntryId, PaymentId};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Page, PageParams, Problem, Query, Reader, page};

use crate::Error;
use crate::domain::{BreakState, DifferenceKind};
use crate::store::breaks;

use super::State;

/// Which breaks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those over, or only those short.
    kind: Option<DifferenceKind>,
    /// Only open ones, or only resolved ones.
    state: Option<BreakState>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Filter {
    kind: Option<DifferenceKind>,
    state: Option<BreakState>,
}

/// A payment whose captured amount is not what its lines owe, or of which a dispute took more than they have left. The
/// difference lies in suspense.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Break {
    /// The entry that put the difference into suspense.
    entry_id: JournalEntryId,
    /// The payment.
    payment_id: PaymentId,
    /// Over or short; what a dispute took beyond the lines is short.
    kind: DifferenceKind,
    /// By how much, minor units, more than 0.
    amount_minor: i64,
    /// What refunds gave back of that, minor units; the rest lies in suspense.
    repaid_minor: i64,
    /// The payment's currency.
    currency: Currency,
    /// Open, or resolved: by hand, since refunds gave all of it back, or since the dispute ended well.
    state: BreakState,
    /// When it was found.
    found_at: DateTime<Utc>,
}

/// Lists breaks, newest first.
#[utoipa::path(
    get,
    path = "/v1/breaks",
    tag = "accounting",
    params(Params),
    responses(
        (status = 200, description = "A page of breaks", body = Page<Break>),
        (status = 400, description = "A parameter or the cursor has the wrong form", body = Problem),
        (status = 422, description = "A parameter is out of range", body = Problem),
    )
)]
pub(crate) async fn list(
    FromState(state): FromState<State>,
    _: Reader,
    Query(params): Query<Params>,
) -> Result<Json<Page<Break>>, Problem> {
    let paging = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let (before, filter) = paging.start(Filter {
        kind: params.kind,
        state: params.state,
    })?;
    let mut conn = state.outbox.db().acquire_lagging().await.map_err(Error::from)?;
    let rows = breaks::list(
        &mut *conn,
        filter.kind,
        filter.state,
        before,
        i64::from(limit) + 1,
    )
    .await
    .map_err(Error::from)?;
    Ok(Json(page(
        rows,
        limit,
        filter,
        |row| row.entry_id.as_uuid(),
        |row| Break {
            entry_id: row.entry_id,
            payment_id: row.payment_id,
            kind: row.kind,
            amount_minor: row.amount_minor,
            repaid_minor: row.repaid_minor,
            currency: row.currency,
            state: row.state,
            found_at: row.found_at,
        },
    )))
}
