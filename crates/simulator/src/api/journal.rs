//! What the network did, for whoever checks it.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Query;

use super::Network;
use crate::charge::Entry;
use crate::ledger::Ledger;

/// Entries in one answer at most.
const PAGE: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Network> {
    OpenApiRouter::new()
        .routes(routes!(journal))
        .routes(routes!(count))
}

/// Part of the journal.
#[derive(Debug, Serialize, ToSchema)]
struct Extract {
    /// How many entries there are in all.
    count: usize,
    /// Entries in their order.
    data: Vec<Entry>,
}

/// How much the network did.
#[derive(Debug, Serialize, ToSchema)]
struct Count {
    /// Entries of every kind.
    entries: usize,
    /// Charges that were made: approved sales and authorizations, those that a buyer approved later among them.
    charges: usize,
    /// Captures and sales that were approved: how often money was taken.
    captured: usize,
    /// Refunds that were approved and have not failed since: how often money was given back.
    refunded: usize,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Window {
    /// The `sequence` after which to begin.
    after: Option<u64>,
    /// At most this many, up to 1,000.
    limit: Option<usize>,
}

/// The entries as they are now, in the order of their execution.
#[utoipa::path(get, path = "/network/v1/journal", params(Window), responses((status = 200, body = Extract)))]
async fn journal(State(network): State<Network>, Query(window): Query<Window>) -> Json<Extract> {
    let skip = window
        .after
        .map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX));
    let limit = window.limit.unwrap_or(PAGE).min(PAGE);
    Json(network.journal.read(|ledger| Extract {
        count: ledger.entries().len(),
        data: ledger.entries().iter().skip(skip).take(limit).cloned().collect(),
    }))
}

/// How much the network did.
#[utoipa::path(get, path = "/network/v1/journal/count", responses((status = 200, body = Count)))]
async fn count(State(network): State<Network>) -> Json<Count> {
    let totals = network.journal.read(Ledger::totals);
    Json(Count {
        entries: totals.entries,
        charges: totals.charges,
        captured: totals.captured,
        refunded: totals.refunded,
    })
}
