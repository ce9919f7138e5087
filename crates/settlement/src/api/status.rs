//! What is on its way.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Problem, Reader};

use super::Api;
use crate::error::Error;
use crate::ops::read;

/// What is on its way. Quiet is: everything but `open_windows`, `waiting_lines`,
/// `problem_lines`, `waiting_reversals` and `waiting_disputed_lines` at 0.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// Completed, refunded and disputed payments, contracts and partners that are still to be taken in.
    payments_lag: i64,
    /// Lines that can't be priced yet.
    waiting_lines: i64,
    /// Of those, lines that a contract in force could not price.
    problem_lines: i64,
    /// What refunds take back of lines that can't be priced yet, or can't be placed.
    waiting_reversals: i64,
    /// What disputes take of lines that can't be priced yet, or can't be placed.
    waiting_disputed_lines: i64,
    /// Requests to look at waiting lines again; 0 means that every line which can be priced is.
    pricing_requests: i64,
    /// Windows that take lines and are not requested.
    open_windows: i64,
    /// Of those, windows whose last day is over.
    ended_windows_open: i64,
    /// Windows that are to be settled now.
    requested_windows: i64,
    /// Holds that last.
    holds: i64,
}

/// Shows what is on its way.
#[utoipa::path(
    get,
    path = "/v1/settlement-status",
    tag = "settlements",
    responses((status = 200, body = Status, description = "Counts of now."))
)]
pub(crate) async fn get(State(api): State<Api>, _: Reader) -> Result<Json<Status>, Problem> {
    // The lag first: what is taken in afterwards is seen in the counts.
    let payments_lag = api.intake.lag().await.map_err(Error::from)?;
    let counts = read::counts(&api.outbox, api.clock.now()).await?;
    Ok(Json(Status {
        payments_lag,
        waiting_lines: counts.waiting_lines,
        problem_lines: counts.problem_lines,
        waiting_reversals: counts.waiting_reversals,
        waiting_disputed_lines: counts.waiting_disputed_lines,
        pricing_requests: counts.pricing_requests,
        open_windows: counts.open_windows,
        ended_windows_open: counts.ended_windows_open,
        requested_windows: counts.requested_windows,
        holds: counts.holds,
    }))
}
