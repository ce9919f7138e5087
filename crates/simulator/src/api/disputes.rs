//! Disputes: opened and decided by a test's or an operator's hand, answered by the payment service.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Body, Code, Path, Problem};

use super::{Network, short};
use crate::dispute::{Claim, Dispute, Evidence, File, Verdict};
use crate::ledger::Refusal;

/// Files of one submission at most, and the longest text of one, in bytes.
const FILES: usize = 20;
const TEXT: usize = 20_000;

pub(super) fn routes() -> OpenApiRouter<Network> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(show))
        .routes(routes!(answer))
        .routes(routes!(decide))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Judgement {
    /// What the bank decides.
    outcome: Verdict,
}

/// Opens a dispute of what was captured, refunded since or not.
#[utoipa::path(
    post,
    path = "/network/v1/disputes",
    request_body = Claim,
    responses((status = 201, body = Dispute), (status = 422, body = Problem))
)]
async fn open(
    State(network): State<Network>,
    Body(claim): Body<Claim>,
) -> Result<(StatusCode, Json<Dispute>), Problem> {
    if let Some(problem) = short("/reason", &claim.reason) {
        return Err(problem);
    }
    if claim.amount_minor < 1 {
        return Err(Problem::field("/amount_minor", "give 1 or more"));
    }
    let dispute = network.write(move |ledger, now| ledger.open(claim, now)).await?;
    Ok((StatusCode::CREATED, Json(dispute.map_err(problem)?)))
}

/// A dispute as it is now.
#[utoipa::path(
    get,
    path = "/network/v1/disputes/{dispute_id}",
    params(("dispute_id" = String, Path)),
    responses((status = 200, body = Dispute), (status = 404, body = Problem))
)]
async fn show(State(network): State<Network>, Path(id): Path<String>) -> Result<Json<Dispute>, Problem> {
    let dispute = network.journal.read(|ledger| ledger.dispute(&id).cloned());
    dispute.map(Json).ok_or_else(|| problem(Refusal::NoDispute))
}

/// Takes evidence, once per connector key; a repeat is answered with the dispute as it is now.
#[utoipa::path(
    post,
    path = "/network/v1/disputes/{dispute_id}/evidence",
    params(("dispute_id" = String, Path)),
    request_body = Evidence,
    responses((status = 200, body = Dispute), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn answer(
    State(network): State<Network>,
    Path(id): Path<String>,
    Body(evidence): Body<Evidence>,
) -> Result<Json<Dispute>, Problem> {
    if let Some(problem) = fault(&evidence) {
        return Err(problem);
    }
    let dispute = network
        .write(move |ledger, now| ledger.take_evidence(&id, evidence, now))
        .await?;
    dispute.map(Json).map_err(problem)
}

/// Decides a dispute, as the buyer's bank would.
#[utoipa::path(
    post,
    path = "/network/v1/disputes/{dispute_id}/decide",
    params(("dispute_id" = String, Path)),
    request_body = Judgement,
    responses((status = 200, body = Dispute), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn decide(
    State(network): State<Network>,
    Path(id): Path<String>,
    Body(judgement): Body<Judgement>,
) -> Result<Json<Dispute>, Problem> {
    let dispute = network
        .write(move |ledger, now| ledger.judge(&id, judgement.outcome, now))
        .await?;
    dispute.map(Json).map_err(problem)
}

fn fault(evidence: &Evidence) -> Option<Problem> {
    if evidence.text.len() > TEXT {
        return Some(Problem::field("/text", "give 20,000 characters at most"));
    }
    if evidence.files.len() > FILES {
        return Some(Problem::field("/files", "give 20 files at most"));
    }
    short("/connector_key", &evidence.connector_key).or_else(|| {
        let mut files = evidence.files.iter().enumerate();
        files.find_map(|(place, file)| fault_of_file(place, file))
    })
}

fn fault_of_file(place: usize, file: &File) -> Option<Problem> {
    let at = |name: &str| format!("/files/{place}/{name}");
    let is_hash = file.sha256.len() == 64 && file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    short(&at("name"), &file.name)
        .or_else(|| short(&at("content_type"), &file.content_type))
        .or_else(|| (!is_hash).then(|| Problem::field(at("sha256"), "give 64 hexadecimal digits")))
}

fn problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NoCharge => Problem::field("/charge_id", "there is no such charge"),
        Refusal::ExceedsCaptured => Problem::field(
            "/amount_minor",
            "give at most what was captured and is not disputed yet",
        ),
        Refusal::NoDispute => Problem::not_found("dispute of that id"),
        Refusal::KeyReused => Problem::new(
            Code::IdempotencyKeyReused,
            "this connector_key stands for other evidence: take a new one",
        ),
        Refusal::State(state) => Problem::new(
            Code::Conflict,
            format!("a dispute that is {state} does not go that way"),
        ),
    }
}
