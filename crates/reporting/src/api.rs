//! The routes, one report a file.
#![allow(
    unused_qualifications,
    reason = "the documentation macro writes the paths of extractors out in full"
)]

mod daily;
mod partner;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// Every route of the service.
pub(crate) fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(daily::daily))
        .routes(routes!(partner::partner))
        .with_state(app)
}
