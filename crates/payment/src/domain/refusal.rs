//! Which refusals another connector might answer differently.

use super::operation::{Done, OperationState};
use super::payment::ConnectorName;

/// Codes of the simulated network that say nothing of the buyer's card.
const OF_THE_SIMULATOR: &[&str] = &[
    // The bank gives no reason.
    "card_declined",
    "declined",
    "do_not_honor",
    // The network does not know the token, or would not have the order. Another one has a token of its own.
    "invalid_token",
    "connector_refused",
    "processor_unavailable",
];

/// The same of Stripe: <https://docs.stripe.com/declines/codes>, <https://docs.stripe.com/error-codes>.
const OF_STRIPE: &[&str] = &[
    // The bank gives no reason, or none that is about the card.
    "card_declined",
    "do_not_honor",
    "generic_decline",
    "no_action_taken",
    "not_permitted",
    "service_not_allowed",
    "transaction_not_allowed",
    // Stripe, or the bank behind it, can't at the moment.
    "issuer_not_available",
    "processing_error",
    "reenter_transaction",
    "try_again_later",
    // Stripe does not take such a card, currency or amount; another one may.
    "amount_not_supported",
    "amount_too_large",
    "amount_too_small",
    "card_not_supported",
    "currency_not_supported",
    // Stripe does not know the token, would not have the request, or does not take our key for it.
    "connector_misconfigured",
    "connector_refused",
    "resource_missing",
];

/// Whether it makes sense to ask another connector for what this one refused.
///
/// What is not in the tables is the answer of the buyer's card, or of somebody who decided, and counts everywhere: it
/// was lost or stolen, has run out, has not the funds, a number was typed wrongly, the buyer did not confirm. Who
/// goes elsewhere with such a card looks to its bank like somebody who tries a stolen one. A code that nobody knows here
/// is taken for one of those.
pub fn may_be_answered_otherwise(connector: ConnectorName, refused: &Done) -> bool {
    // Given up, or run out while the buyer had to act: nobody refused it.
    let is_definite = matches!(refused.state, OperationState::Declined | OperationState::Failed);
    let codes = match connector {
        ConnectorName::Simulator => OF_THE_SIMULATOR,
        ConnectorName::Stripe => OF_STRIPE,
        ConnectorName::External => &[],
    };
    let code = refused.refusal.as_ref().map(|refusal| refusal.code.as_str());
    is_definite && code.is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cause, Failure, Operation};
    use ConnectorName::{External, Simulator, Stripe};
    use OperationState::{
        Canceled, Created, Declined, Expired, Failed, RequiresAction, Sent, Succeeded, Unknown,
    };
    use ids::TransactionId;

    fn refused(state: OperationState, code: Option<&str>) -> Done {
        Done {
            id: TransactionId::generate(),
            tender_number: 1,
            operation: Operation::Sale,
            cause: Cause::Order,
            connector: None,
            change_id: None,
            state,
            amount_minor: 1,
            parts: Vec::new(),
            connector_reference: None,
            refusal: code.map(|code| Failure {
                code: code.to_owned(),
                detail: String::new(),
            }),
            is_ending: false,
            attempts: 0,
        }
    }

    /// By hand, and not from the tables that it checks. x: tried elsewhere.
    const CODES: &str = "
        .                          simulator stripe
        card_declined              x         x
        do_not_honor               x         x
        generic_decline            .         x
        connector_refused          x         x
        connector_misconfigured    .         x
        processor_unavailable      x         .
        invalid_token              x         .
        resource_missing           .         x
        issuer_not_available       .         x
        processing_error           .         x
        try_again_later            .         x
        card_not_supported         .         x
        currency_not_supported     .         x
        amount_not_supported       .         x
        stolen_card                .         .
        lost_card                  .         .
        pickup_card                .         .
        restricted_card            .         .
        fraudulent                 .         .
        merchant_blacklist         .         .
        security_violation         .         .
        insufficient_funds         .         .
        insufficient_points        .         .
        card_velocity_exceeded     .         .
        expired_card               .         .
        incorrect_cvc              .         .
        invalid_cvc                .         .
        incorrect_number           .         .
        incorrect_pin              .         .
        authentication_required    .         .
        authentication_failed      .         .
        payment_intent_authentication_failure . .
        do_not_try_again           .         .
        stop_payment_order         .         .
        revocation_of_authorization . .
        duplicate_transaction      .         .
        canceled                   .         .
        expired                    .         .
        resolved                   .         .
        what_nobody_knows          .         .
    ";

    #[test]
    fn what_the_buyers_card_answers_counts_everywhere() {
        for (code, connector, expected) in crate::domain::grid::cells(CODES) {
            let connector: ConnectorName = connector.parse().unwrap();
            for state in [Declined, Failed] {
                let otherwise = may_be_answered_otherwise(connector, &refused(state, Some(code)));
                assert_eq!(otherwise, expected == "x", "{connector:?} {code} {state:?}");
            }
        }
    }

    #[test]
    fn only_a_definite_refusal_is_one() {
        for state in [
            Created,
            Sent,
            RequiresAction,
            Unknown,
            Succeeded,
            Canceled,
            Expired,
        ] {
            for connector in [Simulator, Stripe] {
                let done = refused(state, Some("card_declined"));
                assert!(!may_be_answered_otherwise(connector, &done), "{state:?}");
            }
        }
        assert!(!may_be_answered_otherwise(Simulator, &refused(Declined, None)));
        assert!(!may_be_answered_otherwise(
            External,
            &refused(Declined, Some("card_declined"))
        ));
    }
}
