//! What each connector takes.

use contracts::events::TenderKind;
use money::{Currency, Money};

use super::check::Check;
use super::request::TenderRequest;
use crate::connectors::{takes, takes_amount};
use crate::domain::{ConnectorName, Token};

/// Why nothing can be paid through that connector here.
pub(super) const fn not_live(connector: ConnectorName) -> &'static str {
    match connector {
        ConnectorName::Stripe => {
            "this installation has no account at Stripe: set payment.stripe_secret_key, or record the payment as external"
        }
        ConnectorName::Simulator | ConnectorName::External => {
            "the simulator is for tests; record the payment as external"
        }
    }
}

/// What to do about a means that it does not take.
pub(super) const fn kinds(connector: ConnectorName) -> &'static str {
    match connector {
        ConnectorName::Stripe => "Stripe takes card here; record what was paid otherwise as external",
        ConnectorName::Simulator | ConnectorName::External => {
            "the simulator takes card, voucher and points; record what was paid otherwise as external"
        }
    }
}

/// What to do where there is no token.
pub(super) const fn token(connector: ConnectorName) -> &'static str {
    match connector {
        ConnectorName::Stripe => {
            "give the payment method (pm_...) that Stripe made of the card, so that it can be charged"
        }
        ConnectorName::Simulator | ConnectorName::External => {
            "give a test token such as tok_ok, so that the card can be charged"
        }
    }
}

impl Check {
    /// What Stripe would refuse, said by the field before anything is asked of it.
    pub(super) fn of_stripe(&mut self, tenders: &[TenderRequest], currency: Currency) {
        for (place, tender) in tenders.iter().enumerate() {
            let at = |field: &str| format!("/tenders/{place}/{field}");
            let amount = Money::new(tender.amount_minor, currency);
            if let Err(detail) = takes_amount(ConnectorName::Stripe, amount) {
                self.require(false, at("amount_minor"), detail);
            }
            if let Some(token) = &tender.token {
                self.form_of_stripe(token, at("token"));
            }
        }
    }

    fn form_of_stripe(&mut self, token: &Token, pointer: String) {
        self.require(
            token.starts_with("pm_"),
            pointer,
            "give the payment method that Stripe made of the card: it begins with pm_",
        );
    }

    /// What a tender says of its means where the connector is named.
    pub(super) fn of_one(
        &mut self,
        connector: ConnectorName,
        tender: &TenderRequest,
        at: impl Fn(&str) -> String,
    ) {
        let is_external = connector == ConnectorName::External;
        self.require(takes(connector, tender.kind), at("kind"), kinds(connector));
        self.require(
            tender.tokens.is_none(),
            at("tokens"),
            "the connector is named: give its token as `token`, or leave `connector` out",
        );
        let nothing_is_charged = "nothing is charged here: leave this out";
        match (&tender.token, tender.payment_method_id) {
            // What is wrong then was said already.
            (None, None) if tender.tokens.is_some() => {}
            (None, None) => self.require(is_external, at("token"), token(connector)),
            (Some(_), _) if is_external => self.require(false, at("token"), nothing_is_charged),
            (None, Some(_)) => self.require(!is_external, at("payment_method_id"), nothing_is_charged),
            (Some(_), Some(_)) => {
                self.require(false, at("payment_method_id"), "give either this or a token");
            }
            (Some(token), None) => self.token(token, &at("token")),
        }
    }

    /// What a tender of a payment that is to be routed says of its means: what each connector knows it by. Whether one of
    /// them may take the payment is found out with the rules at hand.
    pub(super) fn of_routed(&mut self, tender: &TenderRequest, at: impl Fn(&str) -> String) {
        self.require(
            tender.token.is_none(),
            at("token"),
            "whose is it? Name the connector, or give tokens, as {\"stripe\": \"pm_card_visa\"}",
        );
        match (&tender.tokens, tender.payment_method_id) {
            (None, None) => self.require(
                tender.token.is_some(),
                at("tokens"),
                "give a token for each connector that may take it, as {\"stripe\": \"pm_card_visa\"}, or name the connector",
            ),
            (Some(_), Some(_)) => {
                self.require(false, at("payment_method_id"), "give either this or tokens");
            }
            (Some(tokens), None) => {
                self.require(!tokens.0.is_empty(), at("tokens"), "give one token at least");
                for (connector, token) in &tokens.0 {
                    self.token_of(*connector, token, tender.kind, &at("tokens"));
                }
            }
            (None, Some(_)) => {}
        }
    }

    fn token_of(&mut self, connector: ConnectorName, token: &Token, kind: TenderKind, pointer: &str) {
        let pointer = format!("{pointer}/{}", connector.as_str());
        if connector == ConnectorName::External {
            self.require(
                false,
                pointer,
                "nobody is asked for what was taken elsewhere: name the connector external, or leave this out",
            );
            return;
        }
        self.require(takes(connector, kind), pointer.clone(), kinds(connector));
        self.token(token, &pointer);
        if connector == ConnectorName::Stripe {
            self.form_of_stripe(token, pointer);
        }
    }
}
