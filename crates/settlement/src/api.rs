//! The routes, one resource a file.
#![allow(
    unused_qualifications,
    reason = "the macro that documents parameters spells their types out"
)]

mod holds;
mod lines;
mod schedules;
mod settlements;
mod status;
mod waiting;

use std::sync::Arc;

use bus::Outbox;
use chassis::Clock;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::worker::Intake;

/// What handlers need.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) intake: Intake,
}

/// Every route of the service.
pub(crate) fn routes(api: Api) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(settlements::request, settlements::list))
        .routes(routes!(settlements::get))
        .routes(routes!(settlements::details))
        .routes(routes!(lines::list))
        .routes(routes!(schedules::list))
        .routes(routes!(waiting::list))
        .routes(routes!(status::get))
        .routes(routes!(holds::take, holds::list))
        .routes(routes!(holds::renew))
        .routes(routes!(holds::release))
        .with_state(api)
}
