//! The routes.
#![allow(
    unused_qualifications,
    reason = "the documentation macro writes the paths of extractors out in full"
)]

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ids::NotificationId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use crate::App;
use crate::domain::{Kind, Notification};
use crate::ops;

/// Every route of the service.
pub(crate) fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(mark_read))
        .with_state(app)
}

/// A notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationView {
    /// Its identity.
    id: NotificationId,
    /// What kind of fact it tells of.
    kind: Kind,
    /// What it is about: a payment's or a user's id.
    subject: String,
    /// One line.
    title: String,
    /// The whole of it.
    body: String,
    /// When the fact happened.
    occurred_at: DateTime<Utc>,
    /// When the notification was written.
    created_at: DateTime<Utc>,
    /// When it was read first; null: nobody has read it.
    read_at: Option<DateTime<Utc>>,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id,
            kind: notification.message.kind,
            subject: notification.message.subject,
            title: notification.message.title,
            body: notification.message.body,
            occurred_at: notification.occurred_at,
            created_at: notification.created_at,
            read_at: notification.read_at,
        }
    }
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationList {
    /// Only those of that kind.
    kind: Option<Kind>,
    /// `true`: only those that nobody has read; `false`: only those that somebody has.
    unread: Option<bool>,
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a cursor carries.
#[derive(Debug, Serialize, Deserialize)]
struct NotificationFilter {
    kind: Option<Kind>,
    unread: Option<bool>,
}

/// Notifications, the newest first.
#[utoipa::path(
    get, path = "/v1/notifications", tag = "notifications", params(NotificationList),
    responses((status = 200, description = "A page of notifications", body = Page<NotificationView>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Reader,
    Query(query): Query<NotificationList>,
) -> Result<Json<Page<NotificationView>>, Problem> {
    let params = PageParams {
        limit: query.limit,
        cursor: query.cursor,
    };
    let limit = params.limit()?;
    let (before, filter) = params.start(NotificationFilter {
        kind: query.kind,
        unread: query.unread,
    })?;
    let rows = ops::notifications(
        &app.outbox,
        filter.kind,
        filter.unread,
        before,
        i64::from(limit) + 1,
    )
    .await?;
    Ok(Json(page(
        rows,
        limit,
        filter,
        |notification| notification.id.as_uuid(),
        NotificationView::from,
    )))
}

/// Notes that a notification was read. To do it again changes nothing.
#[utoipa::path(
    post, path = "/v1/notifications/{id}/read", tag = "notifications", params(("id" = NotificationId, Path)),
    responses(
        (status = 200, description = "The notification", body = NotificationView),
        (status = 404, description = "There is none of this id", body = Problem),
    )
)]
pub(crate) async fn mark_read(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<NotificationId>,
) -> Result<Json<NotificationView>, Problem> {
    let read = ops::mark_read(&app.outbox, app.clock.now(), id).await?;
    Ok(Json(read.into()))
}
