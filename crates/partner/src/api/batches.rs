//! Many partners at once.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use contracts::contract_terms::ContractTerms;
use contracts::events::PartnerKind;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::{Body, Code, IdempotencyKey, Operator, Problem};

use super::contracts::ContractView;
use super::partners::PartnerView;
use super::replies::{answer, request, respond};
use crate::App;
use crate::domain::{Fault, NewPartner, NewVersion};
use crate::error::faults_problem;
use crate::ops::{self, Accepted, Item, Order};

const MOST: usize = 1_000;

/// Partners that are to be there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// At most 1,000. Each is read on its own, so that one that can't be read costs the others nothing.
    #[schema(value_type = Vec<BatchItem>, min_items = 1, max_items = 1000)]
    partners: Vec<Value>,
}

/// A partner that is to be there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchItem {
    /// The operator's own name for it, unique.
    #[schema(min_length = 1, max_length = 64)]
    reference: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Company or person.
    kind: PartnerKind,
    /// The first version of a contract, if it is to have one.
    #[serde(default)]
    contract: Option<BatchContract>,
}

/// The first version of a contract.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchContract {
    /// The first day of sale that it prices, in the terms' time zone; it may lie in the past.
    valid_from: NaiveDate,
    /// What it says.
    terms: ContractTerms,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchView {
    /// One result an item, in their order.
    results: Vec<BatchResult>,
}

/// What became of an item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResult {
    /// Its place in the request, from 0.
    index: usize,
    /// 201: made. 200: it was there already. 409: the partner has another contract in this currency. 422: a field is
    /// not valid, and nothing was made.
    status: u16,
    /// The partner as it is; where it was there before, it may differ from what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerView>,
    /// The contract as it is, if one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<ContractView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Makes many partners, each with a contract if one is given. What is there already is answered as it is, so an
/// import can be repeated, also under another key.
#[utoipa::path(
    post, path = "/v1/partners/batch", tag = "partners", request_body = BatchRequest,
    params(("Idempotency-Key" = String, Header, description = "The caller's name for this request")),
    responses(
        (status = 200, description = "What became of each item", body = BatchView),
        (status = 422, description = "No partners, or more than 1,000", body = Problem),
    )
)]
pub(crate) async fn accept(
    State(app): State<App>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Body(body): Body<BatchRequest>,
) -> Result<Response, Problem> {
    if body.partners.is_empty() || body.partners.len() > MOST {
        return Err(Problem::field("/partners", format!("give 1 to {MOST}")));
    }
    let request = request(&app, &caller, "POST /v1/partners/batch", &key, &body)?;
    let items = body.partners.into_iter().map(read).collect();
    let reply = ops::accept_batch(&app.outbox, &request, items, |outcome| {
        answer(StatusCode::OK, None, &view(outcome))
    })
    .await?;
    Ok(respond(reply))
}

/// Reads one item; pointers begin at the item.
fn read(item: Value) -> Item {
    let item: BatchItem = serde_path_to_error::deserialize(item)
        .map_err(|error| vec![Fault::new(pointer(error.path()), error.inner().to_string())])?;
    let mut faults = Vec::new();
    let partner = NewPartner::parse(item.reference, item.name, item.kind).map_err(|more| faults.extend(more));
    let contract = item
        .contract
        .map(|contract| NewVersion::parse(contract.valid_from, contract.terms, None))
        .transpose()
        .map_err(|more| {
            faults.extend(
                more.into_iter()
                    .map(|fault| Fault::new(format!("/contract{}", fault.pointer), fault.detail)),
            );
        });
    match (partner, contract) {
        (Ok(partner), Ok(contract)) => Ok(Order { partner, contract }),
        _ => Err(faults),
    }
}

/// RFC 6901. Only names of our own fields and places in lists come up, so nothing needs escaping.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{key}"),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

fn view(outcome: Vec<Accepted>) -> BatchView {
    let results = outcome.into_iter().enumerate();
    BatchView {
        results: results.map(|(index, accepted)| result(index, accepted)).collect(),
    }
}

fn result(index: usize, accepted: Accepted) -> BatchResult {
    let prefix = format!("/partners/{index}");
    match accepted {
        Accepted::There {
            made,
            partner,
            contract,
        } => BatchResult {
            index,
            status: if made { StatusCode::CREATED } else { StatusCode::OK }.as_u16(),
            partner: Some(PartnerView::from(&partner)),
            contract: contract.map(ContractView::from),
            problem: None,
        },
        Accepted::Differs { partner, contract } => {
            let problem = Problem::new(
                Code::AlreadyExists,
                format!(
                    "{prefix}/contract: {} says something else in {}: add a version to it with POST \
                     /v1/contracts/{}/versions",
                    contract.id, contract.currency, contract.id
                ),
            );
            BatchResult {
                index,
                status: problem.status,
                partner: Some(PartnerView::from(&partner)),
                contract: Some(contract.into()),
                problem: Some(problem),
            }
        }
        Accepted::Invalid(faults) => {
            let problem = faults_problem(faults, &prefix);
            BatchResult {
                index,
                status: problem.status,
                partner: None,
                contract: None,
                problem: Some(problem),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_of_an_item_is_named_by_its_place() {
        let terms =
            json!({"currency": "KRW", "rate_ppm": 1, "cycle": {"kind": "daily"}, "payout": {"days": 1}});
        let with = |changes: Value| {
            let mut item = json!({"reference": "r", "name": "n", "kind": "company",
                                  "contract": {"valid_from": "2016-01-01", "terms": terms}});
            for (field, value) in changes.as_object().unwrap() {
                *item.pointer_mut(field).unwrap() = value.clone();
            }
            item
        };
        for (item, expected) in [
            (with(json!({})), &[][..]),
            (with(json!({"/contract": null})), &[]),
            (json!({"reference": "r"}), &[""]),
            (json!("r"), &[""]),
            (
                json!({"reference": "r", "name": "n", "kind": "company", "x": 1}),
                &["/x"],
            ),
            (with(json!({"/kind": "firm"})), &["/kind"]),
            (
                with(json!({"/contract/terms/currency": "WON"})),
                &["/contract/terms/currency"],
            ),
            (
                with(json!({"/contract/terms/rate_ppm": 1_000_001})),
                &["/contract/terms/rate_ppm"],
            ),
            (
                with(json!({"/name": "", "/contract/terms/payout": {"days": 999}})),
                &["/name", "/contract/terms/payout/days"],
            ),
        ] {
            let said = item.to_string();
            let found: Vec<String> = read(item)
                .err()
                .unwrap_or_default()
                .into_iter()
                .map(|fault| fault.pointer)
                .collect();
            assert_eq!(found, expected, "{said}");
        }
    }
}
