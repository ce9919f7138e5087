//! Contracts, their versions and their commissions.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use http::StatusCode;
use ids::{CommissionId, ContractId, PartnerId};
use money::{Currency, Rate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Body, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::replies::{answer, request, respond};
use crate::App;
use crate::domain::{Commission, Contract, NewVersion, Version};
use crate::error::Error;
use crate::ops;

/// A contract that is to be made, with its first version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractRequest {
    /// Whose it is.
    partner_id: PartnerId,
    /// The first day of sale that it prices, in the terms' time zone; it may lie in the past.
    valid_from: NaiveDate,
    /// What it says.
    terms: ContractTerms,
}

/// A version that is to be added.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionRequest {
    /// The first day of sale that it prices, in the terms' time zone; later than the last version's.
    valid_from: NaiveDate,
    /// What it says, in the contract's currency.
    terms: ContractTerms,
    /// Why it begins today or before; needed only then.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// A contract with all its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractView {
    /// Its identity.
    id: ContractId,
    /// Whose it is.
    partner_id: PartnerId,
    /// The one currency of the sales that it prices.
    currency: Currency,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Its versions, the first one first. Each holds until the day before the next one begins.
    versions: Vec<VersionView>,
}

/// A version of a contract. It never changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// 1, 2, 3, ...
    version: i32,
    /// The first day of sale that it prices, in the terms' time zone.
    valid_from: NaiveDate,
    /// What it says.
    terms: ContractTerms,
    /// Why it reaches into the past, where it does.
    reason: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// The caller who made it.
    created_by: String,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        Self {
            version: version.number,
            valid_from: version.valid_from,
            terms: version.terms,
            reason: version.reason,
            created_at: version.created_at,
            created_by: version.created_by,
        }
    }
}

impl From<Contract> for ContractView {
    fn from(contract: Contract) -> Self {
        Self {
            id: contract.id,
            partner_id: contract.partner_id,
            currency: contract.currency,
            created_at: contract.created_at,
            versions: contract.versions.into_iter().map(VersionView::from).collect(),
        }
    }
}

/// The commissions of a contract.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommissionList {
    /// By version, and in each the one of all sales first.
    data: Vec<CommissionView>,
}

/// One rate of one version of a contract.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommissionView {
    /// Its identity.
    id: CommissionId,
    /// The contract.
    contract_id: ContractId,
    /// The contract's version.
    version: i32,
    /// The category; null: every one that has no rate of its own.
    category: Option<String>,
    /// The share of the fee's base, in parts per million.
    rate_ppm: Rate,
}

impl From<Commission> for CommissionView {
    fn from(commission: Commission) -> Self {
        Self {
            id: commission.id,
            contract_id: commission.contract_id,
            version: commission.version,
            category: commission.category,
            rate_ppm: commission.rate,
        }
    }
}

/// Which contracts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContractList {
    /// Only those of that partner.
    partner_id: Option<PartnerId>,
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a cursor carries.
#[derive(Debug, Serialize, Deserialize)]
struct ContractFilter {
    partner_id: Option<PartnerId>,
}

/// Makes a contract with its first version. A partner has one contract a currency.
#[utoipa::path(
    post, path = "/v1/contracts", tag = "contracts", request_body = ContractRequest,
    params(("Idempotency-Key" = String, Header, description = "The caller's name for this request")),
    responses(
        (status = 201, description = "The contract", body = ContractView),
        (status = 409, description = "The partner has a contract in this currency", body = Problem),
        (status = 422, description = "A field is not valid, or the partner is not known", body = Problem),
    )
)]
pub(crate) async fn make(
    State(app): State<App>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Body(body): Body<ContractRequest>,
) -> Result<Response, Problem> {
    let request = request(&app, &caller, "POST /v1/contracts", &key, &body)?;
    let first = NewVersion::parse(body.valid_from, body.terms, None).map_err(Error::from)?;
    let reply = ops::make_contract(&app.outbox, &request, body.partner_id, &first, shown).await?;
    Ok(respond(reply))
}

/// Adds a version to a contract.
#[utoipa::path(
    post, path = "/v1/contracts/{id}/versions", tag = "contracts", request_body = VersionRequest,
    params(
        ("id" = ContractId, Path),
        ("Idempotency-Key" = String, Header, description = "The caller's name for this request"),
    ),
    responses(
        (status = 201, description = "The contract with its new version", body = ContractView),
        (status = 404, description = "There is none of this id", body = Problem),
        (status = 409, description = "Another version was added meanwhile", body = Problem),
        (status = 422, description = "A field is not valid", body = Problem),
    )
)]
pub(crate) async fn add_version(
    State(app): State<App>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Path(id): Path<ContractId>,
    Body(body): Body<VersionRequest>,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/contracts/{id}/versions");
    let request = request(&app, &caller, &route, &key, &body)?;
    let new = NewVersion::parse(body.valid_from, body.terms, body.reason).map_err(Error::from)?;
    let reply = ops::add_version(&app.outbox, &request, id, &new, shown).await?;
    Ok(respond(reply))
}

fn shown(contract: &Contract) -> Result<once::Answer, Error> {
    answer(
        StatusCode::CREATED,
        Some(contract.id.to_string()),
        &ContractView::from(contract.clone()),
    )
}

/// A contract with all its versions.
#[utoipa::path(
    get, path = "/v1/contracts/{id}", tag = "contracts", params(("id" = ContractId, Path)),
    responses(
        (status = 200, description = "The contract", body = ContractView),
        (status = 404, description = "There is none of this id", body = Problem),
    )
)]
pub(crate) async fn read(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<ContractId>,
) -> Result<Json<ContractView>, Problem> {
    let contract = ops::contract(&app.outbox, id).await?;
    Ok(Json(contract.into()))
}

/// Contracts with their versions, the newest contract first.
#[utoipa::path(
    get, path = "/v1/contracts", tag = "contracts", params(ContractList),
    responses((status = 200, description = "A page of contracts", body = Page<ContractView>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Reader,
    Query(query): Query<ContractList>,
) -> Result<Json<Page<ContractView>>, Problem> {
    let params = PageParams {
        limit: query.limit,
        cursor: query.cursor,
    };
    let limit = params.limit()?;
    let (before, filter) = params.start(ContractFilter {
        partner_id: query.partner_id,
    })?;
    let rows = ops::contracts(&app.outbox, filter.partner_id, before, i64::from(limit) + 1).await?;
    Ok(Json(page(
        rows,
        limit,
        filter,
        |contract| contract.id.as_uuid(),
        ContractView::from,
    )))
}

/// The commissions of all versions of a contract.
#[utoipa::path(
    get, path = "/v1/contracts/{id}/commissions", tag = "contracts", params(("id" = ContractId, Path)),
    responses(
        (status = 200, description = "The commissions", body = CommissionList),
        (status = 404, description = "There is no contract of this id", body = Problem),
    )
)]
pub(crate) async fn commissions(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<ContractId>,
) -> Result<Json<CommissionList>, Problem> {
    let found = ops::commissions(&app.outbox, id).await?;
    Ok(Json(CommissionList {
        data: found.into_iter().map(CommissionView::from).collect(),
    }))
}
