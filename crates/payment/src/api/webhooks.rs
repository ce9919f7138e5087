//! What connectors tell by themselves.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{Page, PageParams, Path, Problem, Query, Reader, page};

use super::Desk;
use crate::connectors::RawWebhook;
use crate::domain::ConnectorName;
use crate::domain::webhook::{Webhook, WebhookState};
use crate::ops::WebhookFilter;
use crate::view::WebhookView;

/// What a list of webhooks may be narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those in this state.
    state: Option<WebhookState>,
    /// Only those of this connector.
    connector: Option<ConnectorName>,
}

/// Webhooks that were taken, the newest first.
///
/// What they told is not shown. One that waits or was ignored says why: it may be money that nobody booked.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "webhooks",
    params(ListParams),
    responses((status = 200, body = Page<WebhookView>), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Query(params): Query<ListParams>,
) -> Result<Json<Page<WebhookView>>, Problem> {
    let place = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = place.limit()?;
    // A webhook has no id that sorts by time, so the filter in the cursor says where to go on.
    let (_, mut wanted) = place.start(WebhookFilter {
        state: params.state,
        connector: params.connector,
        before: None,
    })?;
    let found = desk.payments.webhooks(&wanted, i64::from(limit) + 1).await?;
    wanted.before = found
        .get(usize::from(limit).saturating_sub(1))
        .map(Webhook::place);
    Ok(Json(page(
        found,
        limit,
        wanted,
        |_| Uuid::nil(),
        WebhookView::from,
    )))
}

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
