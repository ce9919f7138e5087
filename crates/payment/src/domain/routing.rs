//! Who is asked to take a payment whose caller names nobody: rules that operators write, and the order they lead to.

use contracts::events::TenderKind;
use ids::PartnerId;
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::order::Order;
use super::payment::ConnectorName;
use super::token::Token;

/// Whom a payment is offered to that no rule matches, in this order: first who takes real money.
pub const WITHOUT_RULE: &[ConnectorName] = &[ConnectorName::Stripe, ConnectorName::Simulator];

/// What operators decided. The first rule that matches a payment decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingTable {
    /// 1, 2, 3, ...; 0 while nobody has written one.
    pub version: i32,
    /// In their order.
    pub rules: Vec<Rule>,
}

/// Which payments it is about, and whom they are offered to. It matches a payment that fits all that it asks for; one that
/// asks for nothing matches every payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Payments in this currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Payments with a tender of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tender_kind: Option<TenderKind>,
    /// Payments of at least this amount, in minor units of `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub amount_from_minor: Option<i64>,
    /// Payments of at most this amount, in minor units of `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub amount_to_minor: Option<i64>,
    /// Payments with a line of this partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<PartnerId>,
    /// Whom they are offered to, one or more.
    #[schema(min_items = 1)]
    pub connectors: Vec<Weighted>,
}

/// A connector, and how often it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// Who.
    pub connector: ConnectorName,
    /// 1 to 1,000: of two with the weights 3 and 1, the first comes first for three payments of four.
    #[schema(minimum = 1, maximum = 1000)]
    pub weight: u32,
}

/// One who may take a payment, with what it knows the buyer's means by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub connector: ConnectorName,
    /// Its token of each tender's means, in the order of the tenders.
    pub tokens: Vec<Token>,
}

/// The way of one payment, decided when it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The version of the routing table that decided; none where there was none.
    pub routing_version: Option<i32>,
    /// The place of the rule in it, from 1; none where none matched.
    pub rule_number: Option<i32>,
    /// Who is asked, one after the other.
    pub candidates: Vec<Candidate>,
}

impl RoutingTable {
    /// The rule that decides about `order`, with its place from 1.
    pub fn rule_for(&self, order: &Order) -> Option<(i32, &Rule)> {
        (1_i32..).zip(&self.rules).find(|(_, rule)| rule.matches(order))
    }
}

impl Rule {
    fn matches(&self, order: &Order) -> bool {
        let fits_kind = |kind: TenderKind| order.means.iter().any(|means| means.kind == kind);
        let fits_partner = |partner: PartnerId| order.lines.iter().any(|line| line.partner_id == partner);
        self.currency.is_none_or(|currency| currency == order.currency)
            && self.tender_kind.is_none_or(fits_kind)
            && self
                .amount_from_minor
                .is_none_or(|least| least <= order.amount_minor)
            && self.amount_to_minor.is_none_or(|most| order.amount_minor <= most)
            && self.partner_id.is_none_or(fits_partner)
    }

    /// Whether it asks for nothing, so that none that stands behind it is ever reached.
    pub fn matches_all(&self) -> bool {
        self.currency.is_none()
            && self.tender_kind.is_none()
            && self.amount_from_minor.is_none()
            && self.amount_to_minor.is_none()
            && self.partner_id.is_none()
    }
}

/// Puts connectors in an order by their weights: each place goes to one of those that are left, as often as its weight
/// is a part of theirs. `draw` gives a number from 0 up to, and without, what it is given; each as often.
pub fn by_weight(connectors: &[Weighted], mut draw: impl FnMut(u32) -> u32) -> Vec<ConnectorName> {
    let mut left = connectors.to_vec();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let all = left.iter().fold(0_u32, |sum, one| sum.saturating_add(one.weight));
        let mut drawn = draw(all.max(1));
        let place = left.iter().position(|one| {
            let is_it = drawn < one.weight;
            drawn = drawn.saturating_sub(one.weight);
            is_it
        });
        // A weight of 0 is refused where rules are written; were there one, it would come last.
        ordered.push(left.remove(place.unwrap_or(0)).connector);
    }
    ordered
}

/// The same order, with those that do not answer lately behind the others, and none left out: they may be the only ones.
pub fn well_first<T>(ordered: Vec<T>, is_well: impl Fn(&T) -> bool) -> Vec<T> {
    let (mut ordered, unwell): (Vec<_>, Vec<_>) = ordered.into_iter().partition(is_well);
    ordered.extend(unwell);
    ordered
}

#[cfg(test)]
#[path = "routing_tests.rs"]
mod tests;
