//! What each connector takes.

use contracts::events::TenderKind;
use money::{Currency, Money};

use super::check::Check;
use super::request::TenderRequest;
use crate::connectors::to_stripe;
use crate::domain::ConnectorName;

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

/// Whether it takes such a means.
pub(super) const fn takes(connector: ConnectorName, kind: TenderKind) -> bool {
    match connector {
        ConnectorName::External => true,
        ConnectorName::Simulator => {
            matches!(kind, TenderKind::Card | TenderKind::Voucher | TenderKind::Points)
        }
        ConnectorName::Stripe => matches!(kind, TenderKind::Card),
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
            match to_stripe(Money::new(tender.amount_minor, currency)) {
                Ok(units) => self.require(
                    units > 0,
                    at("amount_minor"),
                    "Stripe charges no 0: give 1 or more",
                ),
                Err(detail) => self.require(false, at("amount_minor"), detail),
            }
            if let Some(token) = &tender.token {
                self.require(
                    token.starts_with("pm_"),
                    at("token"),
                    "give the payment method that Stripe made of the card: it begins with pm_",
                );
            }
        }
    }
}
