//! Payments whose captured amount is not what their lines owe, and what refunds give back of that. What disputes take
//! beyond the lines.

use ids::{DisputeId, PaymentId};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which way a payment differs from its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DifferenceKind {
    /// More was captured than the lines owe.
    Over,
    /// Less was captured than the lines owe, or a dispute took more than they have left.
    Short,
}

impl DifferenceKind {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Over, Self::Short];

    /// The word that stands for it in the database, on the wire and in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::Short => "short",
        }
    }

    /// The kind of that word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Whether a break is still to be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BreakState {
    /// The amount lies in suspense.
    Open,
    /// Other entries took it out of suspense: refunds, the end of a dispute, or one by hand.
    Resolved,
}

impl BreakState {
    /// Its word in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

/// A break: what a payment captured over or short, or what a dispute took beyond its lines, kept in suspense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The payment.
    pub(crate) payment_id: PaymentId,
    /// Over or short.
    pub(crate) kind: DifferenceKind,
    /// By how much, minor units, more than 0.
    pub(crate) amount_minor: i64,
    /// The payment's currency.
    pub(crate) currency: Currency,
    /// The dispute that took it, if one did.
    pub(crate) of_dispute: Option<DisputeChange>,
}

/// A change of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DisputeChange {
    /// The dispute.
    pub(crate) dispute_id: DisputeId,
    /// Which change of it: 1, 2, 3, ...
    pub(crate) version: i32,
}

/// What a refund gives back of what its payment was paid over: it comes out of suspense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repayment {
    /// The payment.
    pub(crate) payment_id: PaymentId,
    /// How much, minor units; below 0 where the refund was reversed.
    pub(crate) amount_minor: i64,
    /// The payment's currency.
    pub(crate) currency: Currency,
}
