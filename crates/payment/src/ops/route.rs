//! Who is asked to take a payment whose caller names nobody.

use bus::Work;
use money::Money;
use web::{Code, FieldError};

use super::Payments;
use crate::connectors::{takes, takes_amount};
use crate::domain::routing::{WITHOUT_RULE, by_weight, well_first};
use crate::domain::{Candidate, ConnectorName, Means, Order, Route, Token};
use crate::error::Error;
use crate::store::routing_tables;

impl Payments {
    /// The connector of an order, and its route where the caller names none: decided here once, and written with the
    /// payment. The order then has the tokens of the first that is asked.
    pub(super) async fn way_of(
        &self,
        work: &mut Work,
        order: &mut Order,
    ) -> Result<(ConnectorName, Option<Route>), Error> {
        if let Some(connector) = order.connector {
            return Ok((connector, None));
        }
        let table = routing_tables::newest(work.conn())
            .await?
            .map(|written| written.table);
        let rule = table.as_ref().and_then(|table| table.rule_for(order));
        let rule_number = rule.map(|(number, _)| number);
        let ordered = match rule {
            Some((_, rule)) => by_weight(&rule.connectors, |below| rand::random_range(0..below)),
            None => WITHOUT_RULE.to_vec(),
        };
        let connectors = &self.0.connectors;
        let live: Vec<_> = ordered
            .into_iter()
            .filter(|one| connectors.is_live(*one))
            .collect();
        let candidates = well_first(candidates(order, &live), |one| connectors.is_well(one.connector));
        let Some(first) = candidates.first() else {
            return Err(nobody(order, &live, rule_number));
        };
        for (means, token) in order.means.iter_mut().zip(&first.tokens) {
            means.token = Some(token.clone());
        }
        let connector = first.connector;
        let route = Route {
            routing_version: table.map(|table| table.version),
            rule_number,
            candidates,
        };
        Ok((connector, Some(route)))
    }
}

/// What a connector knows the means by, where it can charge them.
fn token(order: &Order, means: &Means, connector: ConnectorName) -> Option<Token> {
    let mut tokens = means.tokens.iter();
    let (_, token) = tokens.find(|(of, _)| *of == connector)?;
    let amount = Money::new(means.amount_minor, order.currency);
    let can_charge = takes(connector, means.kind) && takes_amount(connector, amount).is_ok();
    can_charge.then(|| token.clone())
}

/// Those of `connectors` that can charge every tender, in their order.
fn candidates(order: &Order, connectors: &[ConnectorName]) -> Vec<Candidate> {
    let candidate = |connector: &ConnectorName| {
        let tokens = order.means.iter().map(|means| token(order, means, *connector));
        Some(Candidate {
            connector: *connector,
            tokens: tokens.collect::<Option<_>>()?,
        })
    };
    connectors.iter().filter_map(candidate).collect()
}

/// Names the tenders that none of `connectors` can charge, or, where each could be charged by one, all of them.
fn nobody(order: &Order, connectors: &[ConnectorName], rule_number: Option<i32>) -> Error {
    let names: Vec<&str> = connectors.iter().map(|name| name.as_str()).collect();
    let names = names.join(" or ");
    let who = match rule_number {
        _ if names.is_empty() => "nobody takes money here that could be asked".to_owned(),
        Some(number) => format!("rule {number} of /v1/routing has {names} asked"),
        None => format!("{names} can be asked"),
    };
    let fault = |pointer: String, detail: String| FieldError {
        pointer,
        code: Code::InvalidField,
        detail,
    };
    let is_nobodys = |means: &Means| connectors.iter().all(|one| token(order, means, *one).is_none());
    let of_tender = |(place, means): (usize, &Means)| {
        let field = match means.payment_method_id {
            Some(_) => "payment_method_id",
            None => "tokens",
        };
        let kind = means.kind.as_str();
        let detail = format!(
            "{who}, and can't charge a {kind} of this amount by what is given: give a token of one that can"
        );
        fault(format!("/tenders/{place}/{field}"), detail)
    };
    let numbered = order.means.iter().enumerate();
    let mut faults: Vec<_> = numbered
        .filter(|(_, means)| is_nobodys(means))
        .map(of_tender)
        .collect();
    if faults.is_empty() {
        let detail =
            format!("{who}, and none of them has a token of every tender: give one's tokens for all");
        faults.push(fault("/tenders".to_owned(), detail));
    }
    Error::Fields(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::routing::Weighted;
    use ConnectorName::{Simulator, Stripe};
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};

    /// The same seed gives the same orders, and over many draws each comes first as often as its weight says.
    #[test]
    fn orders_follow_the_weights_and_the_seed() {
        let connectors =
            [(Stripe, 3), (Simulator, 1)].map(|(connector, weight)| Weighted { connector, weight });
        let run = |seed: u64| -> Vec<Vec<ConnectorName>> {
            let mut rng = StdRng::seed_from_u64(seed);
            let order = |_| by_weight(&connectors, |below| rng.random_range(0..below));
            (0..4_000).map(order).collect()
        };
        let orders = run(7);
        assert_eq!(orders, run(7));
        assert_ne!(orders, run(8));
        let first = orders
            .iter()
            .filter(|order| order.first() == Some(&Stripe))
            .count();
        assert!((2_850..3_150).contains(&first), "{first} of 4000");
    }
}
