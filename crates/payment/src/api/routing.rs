//! The rules that payments are routed by.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{Body, FieldError, Operator, Problem, Reader};

use super::check::Check;
use super::request::read as read_fields;
use super::{Desk, terms};
use crate::connectors::{Live, takes};
use crate::domain::amounts::LARGEST_MINOR;
use crate::domain::{ConnectorName, Rule};
use crate::view::RoutingView;

const RULES: usize = 100;
const LARGEST_WEIGHT: u32 = 1_000;

/// Rules that are to take the place of others, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutingRequest {
    /// The version that they take the place of, as it was read; 0 for the first ones.
    #[schema(minimum = 0)]
    expected_version: i32,
    /// At most 100. The first that matches a payment decides about it; none: every payment is offered to all connectors.
    #[schema(max_items = 100)]
    rules: Vec<Rule>,
}

/// The rules that payments are routed by.
///
/// They decide about payments that name no `connector`. The first rule that matches says to whom such a payment is
/// offered; one that no rule matches is offered to Stripe and then to the simulator, as far as they are set up here. A
/// connector that does not answer lately is put last.
#[utoipa::path(
    get,
    path = "/v1/routing",
    tag = "routing",
    responses((status = 200, body = RoutingView))
)]
pub(super) async fn read(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
) -> Result<Json<RoutingView>, Problem> {
    let written = desk.payments.routing().await?;
    Ok(Json(written.map(RoutingView::from).unwrap_or_default()))
}

/// Replaces the rules that payments are routed by.
///
/// All of them, by the next version. 409 where `expected_version` is not the last one any more: read what stands there,
/// and send your change of that. Payments that were accepted before go the way that was decided for them.
#[utoipa::path(
    put,
    path = "/v1/routing",
    tag = "routing",
    request_body = RoutingRequest,
    responses((status = 200, body = RoutingView), (status = 409, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn replace(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Body(body): Body<Value>,
) -> Result<Json<RoutingView>, Problem> {
    let RoutingRequest {
        expected_version,
        rules,
    } = parse(&body, desk.live).map_err(Problem::fields)?;
    let written = desk
        .payments
        .replace_routing(&caller, expected_version, &rules)
        .await?;
    Ok(Json(written.into()))
}

/// Reads rules; the faults name every field that is wrong.
fn parse(body: &Value, live: Live) -> Result<RoutingRequest, Vec<FieldError>> {
    let request: RoutingRequest = read_fields(body).map_err(|fault| vec![fault])?;
    let mut check = Check::default();
    check.require(
        (0..i32::MAX).contains(&request.expected_version),
        "/expected_version",
        "give the version that was read, or 0 where there is none",
    );
    check.require(request.rules.len() <= RULES, "/rules", "give at most 100");
    let last = request.rules.len().saturating_sub(1);
    for (place, rule) in request.rules.iter().enumerate() {
        check.rule(rule, &format!("/rules/{place}"), live);
        check.require(
            place == last || !rule.matches_all(),
            format!("/rules/{place}"),
            "it asks for nothing and matches every payment, so that what stands behind it is never reached: put it last",
        );
    }
    if check.faults.is_empty() {
        Ok(request)
    } else {
        Err(check.faults)
    }
}

impl Check {
    fn rule(&mut self, rule: &Rule, at: &str, live: Live) {
        for (field, bound) in [
            ("amount_from_minor", rule.amount_from_minor),
            ("amount_to_minor", rule.amount_to_minor),
        ] {
            let Some(minor) = bound else { continue };
            let pointer = format!("{at}/{field}");
            self.require(
                (0..=LARGEST_MINOR).contains(&minor),
                pointer.clone(),
                format!("give 0 to {LARGEST_MINOR} minor units"),
            );
            self.require(
                rule.currency.is_some(),
                pointer,
                "an amount of which currency? Give currency beside it",
            );
        }
        if let (Some(least), Some(most)) = (rule.amount_from_minor, rule.amount_to_minor) {
            self.require(
                least <= most,
                format!("{at}/amount_to_minor"),
                "it is below amount_from_minor, so that nothing matches",
            );
        }
        self.require(
            !rule.connectors.is_empty(),
            format!("{at}/connectors"),
            "name one connector at least",
        );
        let mut named = HashSet::new();
        for (place, weighted) in rule.connectors.iter().enumerate() {
            let connector = weighted.connector;
            let pointer = format!("{at}/connectors/{place}/connector");
            self.require(
                named.insert(connector),
                pointer.clone(),
                "it is named above: name each once",
            );
            self.connector(connector, rule, pointer, live);
            self.require(
                (1..=LARGEST_WEIGHT).contains(&weighted.weight),
                format!("{at}/connectors/{place}/weight"),
                "give 1 to 1000",
            );
        }
    }

    fn connector(&mut self, connector: ConnectorName, rule: &Rule, pointer: String, live: Live) {
        if connector == ConnectorName::External {
            let detail = "nobody is asked for what was taken elsewhere: name a connector that takes money";
            return self.require(false, pointer, detail);
        }
        if !live.is_live(connector) {
            return self.require(false, pointer, terms::not_live(connector));
        }
        let is_taken = rule.tender_kind.is_none_or(|kind| takes(connector, kind));
        self.require(is_taken, pointer, terms::kinds(connector));
    }
}

#[cfg(test)]
#[path = "routing_tests.rs"]
mod tests;
