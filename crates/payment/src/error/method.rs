//! Why a payment method was not added, found or used.

use ids::PaymentMethodId;
use web::{Code, FieldError, Problem};

use crate::domain::Unusable;
use crate::domain::method::month_of;

/// What can happen to somebody who asks for a payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MethodRefusal {
    /// The caller has none of that name, or has detached it.
    #[error("there is no payment method {0}")]
    NotFound(PaymentMethodId),
    /// The token was added with other details.
    #[error("the token belongs to {0}, which has other details")]
    Differs(PaymentMethodId),
    /// The token is of one that was detached.
    #[error("the token belongs to {0}, which was detached")]
    Detached(PaymentMethodId),
}

impl From<&MethodRefusal> for Problem {
    fn from(refusal: &MethodRefusal) -> Self {
        let (code, detail) = match refusal {
            MethodRefusal::NotFound(id) => return Self::not_found(format!("payment method {id}")),
            MethodRefusal::Differs(id) => (
                Code::AlreadyExists,
                format!("{id} has this token and other details: detach it, and add a new token of the card"),
            ),
            MethodRefusal::Detached(id) => (
                Code::Conflict,
                format!("{id} has this token and was detached, for good: add a new token of the card"),
            ),
        };
        Self {
            errors: vec![FieldError {
                pointer: "/token".to_owned(),
                code,
                detail: detail.clone(),
            }],
            ..Self::new(code, detail)
        }
    }
}

/// What a client is told of a payment method that can't pay the tender at `pointer`.
pub fn unusable(pointer: impl Into<String>, why: Unusable) -> FieldError {
    let detail = match why {
        Unusable::Unknown => "you have no such payment method: add it first, or give a token".to_owned(),
        Unusable::Detached => "it was detached, and no new payment may use it: name another one".to_owned(),
        Unusable::OfConnector(connector) => {
            format!("it is of the connector {}: name another one", connector.as_str())
        }
        Unusable::OfKind(kind) => format!("it is of the kind {}: name another one", kind.as_str()),
        Unusable::Expired(day) => format!("it could be used until {}: name another one", month_of(day)),
    };
    FieldError {
        pointer: pointer.into(),
        code: Code::InvalidField,
        detail,
    }
}
