//! The routes, one resource a file.
#![allow(
    unused_qualifications,
    reason = "the documentation macro writes the paths of extractors out in full"
)]

mod batches;
mod contracts;
mod lookup;
mod partners;
mod replies;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::BATCH_LIMIT;

use crate::App;

/// Every route of the service.
pub(crate) fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(partners::make, partners::list))
        .routes(routes!(partners::read, partners::change))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(batches::accept))
                .layer(DefaultBodyLimit::max(BATCH_LIMIT)),
        )
        .routes(routes!(contracts::make, contracts::list))
        .routes(routes!(contracts::read))
        .routes(routes!(contracts::add_version))
        .routes(routes!(contracts::commissions))
        .routes(routes!(lookup::lookup))
        .with_state(app)
}
