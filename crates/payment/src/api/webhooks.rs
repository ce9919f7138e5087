//! What connectors tell by themselves.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use web::{Path, Problem};

use super::Desk;
use crate::connectors::RawWebhook;
use crate::domain::ConnectorName;

/// Takes a webhook of a connector.
///
/// Answered once it is stored as it came; it is worked on afterwards. One that is not signed by the connector, or was
/// signed more than five minutes ago, is refused. One that comes again is answered, and counts once.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{connector}",
    tag = "webhooks",
    params(("connector" = ConnectorName, Path)),
    request_body(content = String, content_type = "application/json", description = "as the connector defines it"),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn take_in(
    State(desk): State<Desk>,
    Path(connector): Path<ConnectorName>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    // Those of Stripe are taken without a key too: it tells of what was charged when there was one.
    let is_heard = connector == ConnectorName::Stripe || desk.live.is_live(connector);
    if !is_heard {
        return Err(Problem::not_found(format!("webhooks of {}", connector.as_str())));
    }
    desk.payments
        .take_in(connector, &RawWebhook { headers, body })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
