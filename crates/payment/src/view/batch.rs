//! What became of a batch as clients see it.

use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use super::PaymentView;
use crate::error::Error;

/// What became of each payment of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// In the order of the request.
    pub results: Vec<Settled>,
}

/// What became of one payment of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Settled {
    /// Its place in the request, from 0.
    pub index: usize,
    /// The HTTP status that it would have had alone.
    pub status: u16,
    /// The payment, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentView>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl Settled {
    /// The payment in place `index` was answered with `status`.
    pub fn made(index: usize, status: u16, payment: PaymentView) -> Self {
        Self {
            index,
            status,
            payment: Some(payment),
            problem: None,
        }
    }

    /// The payment in place `index` was not made.
    pub fn refused(index: usize, why: &Error) -> Self {
        let problem = Problem::from(why);
        Self {
            index,
            status: problem.status,
            payment: None,
            problem: Some(problem),
        }
    }
}
