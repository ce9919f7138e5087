//! Where a buyer decides on a charge.

use axum::Form;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Body, Code, Path, Problem};

use super::{Network, json, page};
use crate::charge::Entry;
use crate::ledger::{Choice, Undecided};

pub(super) fn routes() -> OpenApiRouter<Network> {
    OpenApiRouter::new().routes(routes!(show, decide))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decide {
    /// What the buyer says.
    decision: Choice,
}

/// A decision, from a browser's form or a program.
struct Decided {
    choice: Choice,
    by_form: bool,
}

impl<S: Send + Sync> FromRequest<S> for Decided {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let by_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.starts_with("application/x-www-form-urlencoded"));
        let decision = if by_form {
            let form = Form::<Decide>::from_request(request, state).await;
            form.map_err(|rejection| Problem::field("/decision", rejection.body_text()))?
                .0
        } else {
            Body::<Decide>::from_request(request, state).await?.0
        };
        Ok(Self {
            choice: decision.decision,
            by_form,
        })
    }
}

/// The page on which the buyer decides.
#[utoipa::path(
    get,
    path = "/network/v1/actions/{charge_id}",
    params(("charge_id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = Problem))
)]
async fn show(State(network): State<Network>, Path(charge_id): Path<String>) -> Result<Response, Problem> {
    let entry = network.journal.read(|ledger| ledger.asked(&charge_id).cloned());
    let entry = entry.ok_or_else(|| not_found(&charge_id))?;
    Ok(page::of(&entry).into_response())
}

/// The buyer's decision, once. A form is redirected to the order's `return_url`, if it has one; JSON gets the entry.
#[utoipa::path(
    post,
    path = "/network/v1/actions/{charge_id}",
    params(("charge_id" = String, Path)),
    request_body(content((Decide = "application/json"), (Decide = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, body = Entry),
        (status = 303, description = "back to the shop"),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
async fn decide(
    State(network): State<Network>,
    Path(charge_id): Path<String>,
    decided: Decided,
) -> Result<Response, Problem> {
    let (id, choice) = (charge_id.clone(), decided.choice);
    let outcome = network
        .write(move |ledger, now| ledger.decide(&id, choice, now))
        .await?;
    match outcome {
        Ok(entry) if !decided.by_form => Ok(json(entry)),
        Ok(entry) => Ok(match &entry.order.return_url {
            Some(url) => Redirect::to(url).into_response(),
            None => page::of(&entry).into_response(),
        }),
        Err(Undecided::NotFound) => Err(not_found(&charge_id)),
        Err(Undecided::TooLate(entry)) if decided.by_form => {
            Ok((StatusCode::CONFLICT, page::of(&entry)).into_response())
        }
        Err(Undecided::TooLate(_)) => Err(Problem::new(
            Code::Conflict,
            "the charge does not wait for a decision any more",
        )),
    }
}

fn not_found(charge_id: &str) -> Problem {
    Problem::not_found(format!("charge {charge_id} that a buyer decides on"))
}
