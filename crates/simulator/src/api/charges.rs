//! Charges, and what becomes of them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Body, Code, Path, Problem};

use super::{Network, short};
use crate::behaviour::{Behaviour, Manner};
use crate::charge::{Entry, Order};
use crate::ledger::Decision;
use crate::line::fresh_id;

/// How long an answer waits for the webhook that is to arrive before it. Nobody may be there to take that.
const HEAD_START: Duration = Duration::from_secs(3);

pub(super) fn routes() -> OpenApiRouter<Network> {
    OpenApiRouter::new()
        .routes(routes!(execute))
        .routes(routes!(by_key))
}

/// Executes a charge, once per connector key; a repeat is answered with what has become of it.
#[utoipa::path(post, path = "/network/v1/charges", request_body = Order, responses((status = 200, body = Entry)))]
async fn execute(State(network): State<Network>, Body(order): Body<Order>) -> Result<Json<Entry>, Problem> {
    if let Some(problem) = fault(&order) {
        return Err(problem);
    }
    network.pause(network.delays.latency).await;
    let behaviour = network.journal.read(|ledger| ledger.behaviour(&order));
    match behaviour {
        Behaviour::Slow => network.pause(network.delays.slow).await,
        Behaviour::LoseFirst if network.spoils(&order.connector_key) => {
            network.pause(network.delays.withhold).await;
            return Err(Problem::new(Code::Timeout, "the charge was lost on the way"));
        }
        Behaviour::FailFirst if network.spoils(&order.connector_key) => {
            return Err(Problem::new(
                Code::Internal,
                "the network failed; send it again under its key",
            ));
        }
        _ => {}
    }
    let operation = order.operation;
    let decision = network
        .write(move |ledger, now| ledger.execute(&order, fresh_id("chg"), now))
        .await?;
    match decision {
        Decision::Fresh { entry, event_id } => {
            if behaviour.withholds(operation) {
                network.pause(network.delays.withhold).await;
            }
            if let (Some(id), Some(Manner::Early)) = (event_id, behaviour.manner()) {
                let arrival = arrival(&network, &id);
                let _arrived_or_not = tokio::time::timeout(HEAD_START, arrival).await;
            }
            Ok(Json(entry))
        }
        Decision::Repeat(entry) => Ok(Json(entry)),
        Decision::Reused => Err(Problem::new(
            Code::IdempotencyKeyReused,
            "this connector_key stands for another order: take a new one",
        )),
    }
}

/// Returns when that event was acknowledged.
async fn arrival(network: &Network, event_id: &str) {
    let mut changes = network.journal.changes();
    while network.journal.read(|ledger| ledger.awaits(event_id)) {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn fault(order: &Order) -> Option<Problem> {
    if let Some(problem) = short("/connector_key", &order.connector_key) {
        return Some(problem);
    }
    let makes_charge = order.operation.makes_charge();
    if order.amount_minor < 0 {
        Some(Problem::field("/amount_minor", "give 0 or more"))
    } else if makes_charge == order.charge_id.is_some() {
        let remedy = "name the charge, unless it is an authorization or a sale, which makes one";
        Some(Problem::field("/charge_id", remedy))
    } else if order.return_url.as_ref().is_some_and(|url| !is_web_address(url)) {
        Some(Problem::field("/return_url", "give an http or https address"))
    } else {
        None
    }
}

/// A browser is sent there: nothing that is not on the web, and nothing that breaks the header.
fn is_web_address(url: &str) -> bool {
    let is_web = url
        .parse::<Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    is_web && url.len() <= 2_048 && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What has become of a connector key. 404: it was never executed.
#[utoipa::path(
    get,
    path = "/network/v1/charges/by-key/{connector_key}",
    params(("connector_key" = String, Path)),
    responses((status = 200, body = Entry), (status = 404, body = Problem))
)]
async fn by_key(State(network): State<Network>, Path(key): Path<String>) -> Result<Json<Entry>, Problem> {
    network
        .journal
        .read(|ledger| ledger.find(&key).cloned())
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("charge under the key {key}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_web_addresses_only() {
        for (url, expected) in [
            ("https://shop.example/return?order=1#paid", true),
            ("http://127.0.0.1:3000/", true),
            ("HTTPS://shop.example", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//shop.example/", false),
            ("/return", false),
            ("https://", false),
            ("https://shop.example/\r\nset-cookie: a=b", false),
            ("", false),
        ] {
            assert_eq!(is_web_address(url), expected, "{url}");
        }
    }
}
