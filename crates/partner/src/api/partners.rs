//! Partners.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use contracts::events::{PartnerKind, PartnerStatus};
use http::StatusCode;
use ids::PartnerId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Body, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::replies::{answer, request, respond};
use crate::App;
use crate::domain::{NewPartner, Partner, PartnerChange};
use crate::error::Error;
use crate::ops;

/// A partner that is to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerRequest {
    /// The operator's own name for it, unique.
    #[schema(min_length = 1, max_length = 64, example = "SELLER-001")]
    reference: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200, example = "Han River Books")]
    name: String,
    /// Company or person.
    kind: PartnerKind,
}

/// What is to change; what is left out stays.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerChangeRequest {
    /// The new name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// `closed`: sells no more; what is owed is still settled.
    #[serde(default)]
    status: Option<PartnerStatus>,
}

/// A partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerView {
    /// Its identity.
    id: PartnerId,
    /// The operator's own name for it, unique.
    reference: String,
    /// What people call it.
    name: String,
    /// Company or person.
    kind: PartnerKind,
    /// Whether it sells.
    status: PartnerStatus,
    /// Counts its changes from 1.
    version: i32,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<&Partner> for PartnerView {
    fn from(partner: &Partner) -> Self {
        Self {
            id: partner.id,
            reference: partner.reference.clone(),
            name: partner.name.clone(),
            kind: partner.kind,
            status: partner.status,
            version: partner.version,
            created_at: partner.created_at,
            updated_at: partner.updated_at,
        }
    }
}

/// Which partners.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartnerList {
    /// Only the one of that reference.
    reference: Option<String>,
    /// Only those of that status.
    status: Option<PartnerStatus>,
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a cursor carries.
#[derive(Debug, Serialize, Deserialize)]
struct PartnerFilter {
    reference: Option<String>,
    status: Option<PartnerStatus>,
}

/// Makes a partner.
#[utoipa::path(
    post, path = "/v1/partners", tag = "partners", request_body = PartnerRequest,
    params(("Idempotency-Key" = String, Header, description = "The caller's name for this request")),
    responses(
        (status = 201, description = "The partner", body = PartnerView),
        (status = 409, description = "A partner has this reference", body = Problem),
        (status = 422, description = "A field is not valid", body = Problem),
    )
)]
pub(crate) async fn make(
    State(app): State<App>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Body(body): Body<PartnerRequest>,
) -> Result<Response, Problem> {
    let request = request(&app, &caller, "POST /v1/partners", &key, &body)?;
    let new = NewPartner::parse(body.reference, body.name, body.kind).map_err(Error::from)?;
    let reply = ops::make_partner(&app.outbox, &request, &new, |partner| {
        answer(
            StatusCode::CREATED,
            Some(partner.id.to_string()),
            &PartnerView::from(partner),
        )
    })
    .await?;
    Ok(respond(reply))
}

/// A partner.
#[utoipa::path(
    get, path = "/v1/partners/{id}", tag = "partners", params(("id" = PartnerId, Path)),
    responses(
        (status = 200, description = "The partner", body = PartnerView),
        (status = 404, description = "There is none of this id", body = Problem),
    )
)]
pub(crate) async fn read(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<PartnerId>,
) -> Result<Json<PartnerView>, Problem> {
    let partner = ops::partner(&app.outbox, id).await?;
    Ok(Json(PartnerView::from(&partner)))
}

/// Partners, the newest first.
#[utoipa::path(
    get, path = "/v1/partners", tag = "partners", params(PartnerList),
    responses((status = 200, description = "A page of partners", body = Page<PartnerView>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Reader,
    Query(query): Query<PartnerList>,
) -> Result<Json<Page<PartnerView>>, Problem> {
    let params = PageParams {
        limit: query.limit,
        cursor: query.cursor,
    };
    let limit = params.limit()?;
    let (before, filter) = params.start(PartnerFilter {
        reference: query.reference,
        status: query.status,
    })?;
    // The database has no text with this character in it, and refuses to compare with one.
    if filter.reference.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(Problem::field("reference", "leave out control characters"));
    }
    let reference = filter.reference.as_deref();
    let rows = ops::partners(
        &app.outbox,
        reference,
        filter.status,
        before,
        i64::from(limit) + 1,
    )
    .await?;
    Ok(Json(page(
        rows,
        limit,
        filter,
        |partner| partner.id.as_uuid(),
        |partner| PartnerView::from(&partner),
    )))
}

/// Changes a partner's name or status.
#[utoipa::path(
    patch, path = "/v1/partners/{id}", tag = "partners", params(("id" = PartnerId, Path)),
    request_body = PartnerChangeRequest,
    responses(
        (status = 200, description = "The partner as it is now", body = PartnerView),
        (status = 404, description = "There is none of this id", body = Problem),
        (status = 422, description = "A field is not valid", body = Problem),
    )
)]
pub(crate) async fn change(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<PartnerId>,
    Body(body): Body<PartnerChangeRequest>,
) -> Result<Json<PartnerView>, Problem> {
    let change = PartnerChange::parse(body.name, body.status).map_err(Error::from)?;
    let partner = ops::change_partner(&app.outbox, app.clock.now(), id, &change).await?;
    Ok(Json(PartnerView::from(&partner)))
}
