//! API keys.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use contracts::Role;
use http::{StatusCode, header};
use ids::ApiKeyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Administrator, Body, Page, PageParams, Path, Problem, Query, page};

use crate::Office;
use crate::ops::make_key::{NewKey, make_key};
use crate::ops::read;
use crate::ops::revoke_key::revoke_key;
use crate::store::api_keys::ApiKey;

/// An API key, without the key itself.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyView {
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// Its last four characters.
    hint: String,
    /// What its holder may do.
    roles: Vec<Role>,
    /// Who made it.
    created_by: String,
    created_at: DateTime<Utc>,
    /// When it ends; null: never.
    expires_at: Option<DateTime<Utc>>,
    /// Since when it is not accepted any more.
    revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            hint: key.hint,
            roles: key.roles,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    /// The key itself, shown this once. Send it as `Authorization: Bearer sk_...`.
    #[schema(example = "sk_0123...")]
    key: String,
    #[serde(flatten)]
    view: ApiKeyView,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateKey {
    /// What it is for.
    #[schema(example = "shop backend", min_length = 1, max_length = 100)]
    name: String,
    /// One or more of administrator, operator, auditor.
    roles: Vec<Role>,
    /// When it ends; left out: never.
    expires_at: Option<DateTime<Utc>>,
}

/// Makes an API key.
///
/// It belongs to the installation and not to a user: it lasts until it is revoked or ends. There is no idempotent
/// repeat, since the key is kept nowhere: where the answer was lost, revoke the key and make another.
#[utoipa::path(
    post, path = "/v1/api-keys", tag = "api keys", request_body = CreateKey,
    responses(
        (status = 201, description = "Made", body = MadeKey),
        (status = 403, description = "The caller is no administrator", body = Problem),
        (status = 422, description = "Fields are not valid", body = Problem),
    )
)]
pub(super) async fn create(
    Administrator(caller): Administrator,
    State(office): State<Office>,
    Body(request): Body<CreateKey>,
) -> Result<Response, Problem> {
    let wanted = NewKey {
        name: request.name,
        roles: request.roles,
        expires_at: request.expires_at,
    };
    let (made, key) = make_key(&office, &caller, &wanted).await?;
    let answer = MadeKey {
        key: key.reveal().to_owned(),
        view: made.into(),
    };
    Ok((
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, "no-store")],
        Json(answer),
    )
        .into_response())
}

/// Lists the API keys, revoked ones too.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "api keys", params(PageParams),
    responses(
        (status = 200, description = "One page, newest first", body = Page<ApiKeyView>),
        (status = 403, description = "The caller is no administrator", body = Problem),
    )
)]
pub(super) async fn list(
    _: Administrator,
    State(office): State<Office>,
    Query(params): Query<PageParams>,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    let limit = params.limit()?;
    let (last, ()) = params.start(())?;
    let rows = read::keys(&office, last, limit).await?;
    Ok(Json(page(
        rows,
        limit,
        (),
        |key| key.id.as_uuid(),
        ApiKeyView::from,
    )))
}

/// Revokes an API key; doing it again changes nothing. A gateway elsewhere may accept it for 5 seconds more.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", tag = "api keys", params(("id" = ApiKeyId, Path)),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "The caller is no administrator", body = Problem),
        (status = 404, description = "There is no such key", body = Problem),
    )
)]
pub(super) async fn revoke(
    Administrator(caller): Administrator,
    State(office): State<Office>,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    revoke_key(&office, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
