//! The routes, one file a resource.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

mod accounts;
mod breaks;
mod journal_entries;
mod ledgers;
mod periods;
mod trial_balance;

use std::sync::Arc;

use bus::Outbox;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use crate::domain::Month;
use crate::ops::Bookkeeper;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct State {
    /// The database and what is published from it.
    pub(crate) outbox: Outbox,
    /// Who closes months.
    pub(crate) bookkeeper: Arc<Bookkeeper>,
}

/// All routes, with their documentation.
pub(crate) fn routes(state: State) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(accounts::list))
        .routes(routes!(journal_entries::list))
        .routes(routes!(journal_entries::get))
        .routes(routes!(trial_balance::get))
        .routes(routes!(ledgers::list))
        .routes(routes!(breaks::list))
        .routes(routes!(periods::list))
        .routes(routes!(periods::close))
        .with_state(state)
}

/// Reads a month out of a parameter.
#[allow(
    clippy::result_large_err,
    reason = "a problem is made once a request and never in a loop"
)]
fn month(name: &'static str, text: &str) -> Result<Month, Problem> {
    Month::parse(text).ok_or_else(|| Problem::field(name, "give a month as yyyy-mm, for example 2026-11"))
}
