//! Disputes and the evidence against them.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::events::DisputeState;
use ids::{DisputeId, PaymentId};
use once::KeyedRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use web::{Body, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::request::read as parse;
use super::{Desk, respond};
use crate::domain::evidence::{CONTENT_TYPES, File, LARGEST_FILE, LONGEST_TEXT, MOST_FILES};
use crate::ops::{DisputeFilter, EvidenceRequest};
use crate::view::{DisputeView, EvidenceView};

const NAME: usize = 255;

/// What a list of disputes may be narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those of this payment.
    payment_id: Option<PaymentId>,
    /// Only those in this state.
    state: Option<DisputeState>,
}

/// Disputes, the newest first.
#[utoipa::path(
    get,
    path = "/v1/disputes",
    tag = "disputes",
    params(ListParams),
    responses((status = 200, body = Page<DisputeView>), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Query(params): Query<ListParams>,
) -> Result<Json<Page<DisputeView>>, Problem> {
    let place = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = place.limit()?;
    let (before, filter) = place.start(DisputeFilter {
        payment_id: params.payment_id,
        state: params.state,
    })?;
    let found = desk
        .payments
        .disputes(&filter, before, i64::from(limit) + 1)
        .await?;
    Ok(Json(page(
        found,
        limit,
        filter,
        |(dispute, _)| dispute.id.as_uuid(),
        |(dispute, payment)| DisputeView::of(&dispute, &payment),
    )))
}

/// The dispute of that id.
#[utoipa::path(
    get,
    path = "/v1/disputes/{id}",
    tag = "disputes",
    params(("id" = DisputeId, Path)),
    responses((status = 200, body = DisputeView), (status = 404, body = Problem))
)]
pub(super) async fn read(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Path(id): Path<DisputeId>,
) -> Result<Json<DisputeView>, Problem> {
    let (dispute, payment) = desk.payments.dispute(id).await?;
    Ok(Json(DisputeView::of(&dispute, &payment)))
}

/// What is said against a dispute: words, files, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceBody {
    /// At most 20,000 characters.
    #[serde(default)]
    #[schema(max_length = 20_000)]
    text: String,
    /// At most 8.
    #[serde(default)]
    #[schema(max_items = 8)]
    files: Vec<FileBody>,
}

/// A file of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBody {
    /// 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// `application/pdf`, `image/jpeg` or `image/png`.
    content_type: String,
    /// Its content in base64; 1 byte to 2 MiB.
    content_base64: String,
}

/// Says something against a dispute.
///
/// It is kept, and handed to the connector until that confirms it; `state` of the evidence tells.
#[utoipa::path(
    post,
    path = "/v1/disputes/{id}/evidence",
    tag = "disputes",
    params(("id" = DisputeId, Path), ("Idempotency-Key" = String, Header)),
    request_body = EvidenceBody,
    responses(
        (status = 202, body = EvidenceView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)
    )
)]
pub(super) async fn submit(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<DisputeId>,
    key: IdempotencyKey,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let request: EvidenceBody = parse(&body).map_err(|fault| Problem::fields(vec![fault]))?;
    if request.text.is_empty() && request.files.is_empty() {
        return Err(Problem::field("/text", "say something, or give a file"));
    }
    if request.text.chars().count() > LONGEST_TEXT || request.text.contains('\0') {
        return Err(Problem::field(
            "/text",
            format!("give at most {LONGEST_TEXT} characters"),
        ));
    }
    if request.files.len() > MOST_FILES {
        return Err(Problem::field(
            "/files",
            format!("give at most {MOST_FILES} files"),
        ));
    }
    let files = request.files.into_iter().zip(1_i32..);
    let files = files
        .map(|(file, number)| file.checked(number))
        .collect::<Result<_, _>>()?;
    let request = EvidenceRequest {
        key: KeyedRequest::new(&caller, &format!("POST /v1/disputes/{id}/evidence"), &key, &body),
        caller,
        dispute_id: id,
        text: request.text,
        files,
    };
    Ok(respond(desk.payments.submit(request).await?))
}

impl FileBody {
    fn checked(self, number: i32) -> Result<File, Problem> {
        let at = |field: &str| format!("/files/{}/{field}", number.saturating_sub(1));
        if !(1..=NAME).contains(&self.name.chars().count()) || self.name.contains(char::is_control) {
            return Err(Problem::field(at("name"), "give 1 to 255 characters"));
        }
        if !CONTENT_TYPES.contains(&self.content_type.as_str()) {
            return Err(Problem::field(
                at("content_type"),
                format!("give one of: {}", CONTENT_TYPES.join(", ")),
            ));
        }
        let content = STANDARD
            .decode(&self.content_base64)
            .ok()
            .filter(|content| (1..=LARGEST_FILE).contains(&content.len()))
            .ok_or_else(|| Problem::field(at("content_base64"), "give base64 of 1 byte to 2 MiB"))?;
        Ok(File {
            number,
            name: self.name,
            content_type: self.content_type,
            content,
        })
    }
}

/// What was said against a dispute, the oldest first.
#[utoipa::path(
    get,
    path = "/v1/disputes/{id}/evidence",
    tag = "disputes",
    params(("id" = DisputeId, Path)),
    responses((status = 200, body = Vec<EvidenceView>), (status = 404, body = Problem))
)]
pub(super) async fn evidence(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Path(id): Path<DisputeId>,
) -> Result<Json<Vec<EvidenceView>>, Problem> {
    let found = desk.payments.evidence(id).await?;
    Ok(Json(found.iter().map(EvidenceView::from).collect()))
}
