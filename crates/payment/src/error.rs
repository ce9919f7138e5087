//! Why a payment was not made, changed or found.

mod method;

use bus::{BusError, Refusal};
use contracts::events::DisputeState;
use ids::{DisputeId, PaymentId, TransactionId};
use web::{Code, FieldError, Problem};

use crate::connectors::WebhookRefusal;
use crate::domain::amounts::LARGEST_MINOR;
use crate::domain::selling::{Obstacle, Obstructed};
use crate::domain::{Command, OperationState, PaymentStatus};

pub use method::{MethodRefusal, unusable};

/// What can happen instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong.
    #[error("{} fields are not valid", .0.len())]
    Fields(Vec<FieldError>),
    /// The partners of these lines may not sell.
    #[error("the partners of {} lines may not sell", .0.len())]
    MayNotSell(Vec<Obstructed>),
    /// The caller has a payment with this order reference that has not failed.
    #[error("the order reference {order_reference} belongs to {payment_id}")]
    AlreadyExists {
        /// The reference.
        order_reference: String,
        /// Whose it is.
        payment_id: PaymentId,
    },
    /// There is no such payment.
    #[error("there is no payment {0}")]
    NotFound(PaymentId),
    /// The payment's status does not allow this.
    #[error("{payment_id} is {}, so it cannot take a {}", .status.as_str(), .command.as_str())]
    NotAllowed {
        /// The payment.
        payment_id: PaymentId,
        /// Where it stands.
        status: PaymentStatus,
        /// What was asked.
        command: Command,
    },
    /// There is less room for what was asked.
    #[error("{payment_id} has no room for it: {room:?}")]
    Beyond {
        /// The payment.
        payment_id: PaymentId,
        /// Where, and how much there is.
        room: Room,
    },
    /// There is no such operation of that payment.
    #[error("there is no operation {0}")]
    NoOperation(TransactionId),
    /// The connector of the operation is being asked for its outcome.
    #[error("the connector of {0} is being asked")]
    BeingAsked(TransactionId),
    /// The outcome of the operation is known, or its connector is being asked.
    #[error("{transaction_id} is {}, not unknown", .state.as_str())]
    NotUnknown {
        /// The operation.
        transaction_id: TransactionId,
        /// Where it stands.
        state: OperationState,
    },
    /// The rules that were to be replaced are not the last ones.
    #[error("the routing table is of version {version}, not {expected}")]
    RoutingChanged {
        /// The version that was expected.
        expected: i32,
        /// The last one; 0 where there is none.
        version: i32,
    },
    /// There is no such dispute.
    #[error("there is no dispute {0}")]
    NoDispute(DisputeId),
    /// Nobody hears evidence any more.
    #[error("{dispute_id} is over")]
    NoEvidence {
        /// The dispute.
        dispute_id: DisputeId,
        /// Where it stands.
        state: DisputeState,
    },
    /// A webhook is not believed.
    #[error("a webhook is not believed: {0}")]
    Webhook(WebhookRefusal),
    /// A payment method can't be had, or not like this.
    #[error(transparent)]
    Method(#[from] MethodRefusal),
    /// The idempotency key stands for another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The first request with this key is still running.
    #[error("the first request with this idempotency key is still running")]
    KeyRunning,
    /// Whether a partner may sell is not known here, and its service does not answer.
    #[error("the partner service does not answer: {0}")]
    PartnersUnavailable(String),
    /// The service is stopping, or a database is on its way back.
    #[error("not now: {0}")]
    NotNow(String),
    /// The event could not be written.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The answer could not be written.
    #[error("an answer could not be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// What is stored breaks a rule that was never to be broken.
    #[error("{payment_id}: {rule}")]
    Broken {
        /// The payment.
        payment_id: PaymentId,
        /// The rule.
        rule: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
}

/// What there is room for; amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// This much is held and was neither taken nor let go.
    Held(i64),
    /// This much was taken and not given back.
    Kept(i64),
    /// The same, where it was lines that were named and not an amount.
    KeptOfLines(i64),
    /// This much is left of the line that was named in that place.
    Line(usize, i64),
    /// The line that was named in that place is not there.
    NoLine(usize),
    /// The payment has this many tenders, and it is not clear which is meant.
    NoTender(usize),
    /// The payment may have this many lines more.
    Lines(usize),
    /// The lines exceed the largest amount of a payment.
    Total,
}

impl Error {
    /// Whether this passes, so that the same request may go better in a while. What does not pass is final.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::KeyRunning
            | Self::BeingAsked(_)
            | Self::PartnersUnavailable(_)
            | Self::NotNow(_)
            | Self::Bus(_)
            | Self::Unwritable(_)
            | Self::Broken { .. }
            | Self::Database(_) => true,
            Self::Fields(_)
            | Self::MayNotSell(_)
            | Self::AlreadyExists { .. }
            | Self::NotFound(_)
            | Self::NotAllowed { .. }
            | Self::Beyond { .. }
            | Self::NoOperation(_)
            | Self::NotUnknown { .. }
            | Self::RoutingChanged { .. }
            | Self::NoDispute(_)
            | Self::NoEvidence { .. }
            | Self::Webhook(_)
            | Self::Method(_)
            | Self::KeyReused => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if postgres::is_transient(&error) {
            Self::NotNow(error.to_string())
        } else {
            Self::Database(error)
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::Fields(errors) => Self::fields(errors.clone()),
            Error::MayNotSell(lines) => Self::fields(lines.iter().map(field_error).collect()),
            Error::AlreadyExists {
                order_reference,
                payment_id,
            } => Self {
                errors: vec![FieldError {
                    pointer: "/order_reference".to_owned(),
                    code: Code::AlreadyExists,
                    detail: format!("{payment_id} has it"),
                }],
                ..Self::new(
                    Code::AlreadyExists,
                    format!(
                        "the order reference {order_reference} belongs to {payment_id}; only after that payment \
                         has failed it may be tried again"
                    ),
                )
            },
            Error::NotFound(id) => Self::not_found(format!("payment {id}")),
            Error::NotAllowed {
                payment_id,
                status,
                command,
            } => Self::new(
                Code::Conflict,
                format!(
                    "{payment_id} is {}; {} needs a payment that is {}",
                    status.as_str(),
                    command.as_str(),
                    command.allowed_in().join(" or ")
                ),
            ),
            Error::Beyond { payment_id, room } => beyond(*payment_id, *room),
            Error::NoOperation(id) => Self::not_found(format!("operation {id} of this payment")),
            Error::BeingAsked(id) => Self::new(
                Code::RequestInProgress,
                format!("the connector of {id} is being asked at this moment: repeat it when the outcome is unknown still"),
            )
            .retry_after(1),
            Error::NotUnknown {
                transaction_id,
                state,
            } => Self::new(
                Code::Conflict,
                format!(
                    "{transaction_id} is {}; only the outcome of an operation that is unknown can be decided",
                    state.as_str()
                ),
            ),
            Error::RoutingChanged { expected, version } => Self::new(
                Code::Conflict,
                format!(
                    "the rules are of version {version} now, not {expected}: read them, and send your change of those"
                ),
            ),
            Error::NoDispute(id) => Self::not_found(format!("dispute {id}")),
            Error::NoEvidence { dispute_id, state } => Self::new(
                Code::Conflict,
                format!(
                    "{dispute_id} is {}; evidence is heard while it is warning, needs_response or under_review",
                    crate::domain::dispute::word(*state)
                ),
            ),
            Error::Webhook(refusal) => {
                tracing::warn!(error = %refusal, "a webhook was refused");
                Self::new(Code::Unauthenticated, refusal.to_string())
            }
            Error::Method(refusal) => refusal.into(),
            Error::KeyReused => Self::new(
                Code::IdempotencyKeyReused,
                "a repeat has the same body; a new request takes a new key",
            ),
            Error::KeyRunning => {
                Self::new(Code::RequestInProgress, "repeat it in a moment to get its answer").retry_after(1)
            }
            Error::PartnersUnavailable(reason) => {
                tracing::warn!(reason, "partners can't be looked up");
                Self::new(
                    Code::Unavailable,
                    "a partner of this payment is not known here yet, and the partner service does not answer",
                )
                .retry_after(2)
            }
            Error::Bus(BusError::Database(source)) if postgres::is_transient(source) => {
                Self::from(Error::NotNow(source.to_string()))
            }
            Error::NotNow(reason) => {
                tracing::warn!(reason, "a request came at a bad moment");
                Self::new(Code::Unavailable, "repeat it with the same Idempotency-Key").retry_after(1)
            }
            ours @ (Error::Bus(_) | Error::Unwritable(_) | Error::Broken { .. } | Error::Database(_)) => {
                Self::internal(ours)
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::NotNow(_) | Error::PartnersUnavailable(_) => Self::NotNow(error.to_string()),
            Error::Bus(source) => source.into(),
            _ => Self::Never(error.to_string()),
        }
    }
}

fn beyond(payment_id: PaymentId, room: Room) -> Problem {
    let (pointer, detail) = match room {
        // No amount would do, and not every command has one: no field is named.
        Room::Held(0) => (
            None,
            format!(
                "{payment_id} holds nothing any more, so that there is nothing to capture or void: to take more, make \
                 another payment"
            ),
        ),
        Room::Kept(0) | Room::KeptOfLines(0) => (
            None,
            format!(
                "nothing of {payment_id} can go back: all of it went back, or a bank disputes it; what a dispute \
                 returns can be refunded then"
            ),
        ),
        Room::Held(minor) => (
            Some("/amount_minor".to_owned()),
            format!("{payment_id} holds {minor}: give at most that"),
        ),
        Room::Kept(minor) => (
            Some("/amount_minor".to_owned()),
            format!("of {payment_id} {minor} can go back: give at most that"),
        ),
        Room::KeptOfLines(minor) => (
            Some("/lines".to_owned()),
            format!("of {payment_id} {minor} can go back: give lines of at most that in all"),
        ),
        Room::Line(place, minor) => (
            Some(format!("/lines/{place}/amount_minor")),
            format!("{minor} is left of this line: give at most that"),
        ),
        Room::NoLine(place) => (
            Some(format!("/lines/{place}/line_number")),
            format!("{payment_id} has no such line"),
        ),
        Room::NoTender(count) => (
            Some("/tender_number".to_owned()),
            format!("{payment_id} has {count} tenders: give the number of one of them"),
        ),
        Room::Lines(count) => (
            Some("/lines".to_owned()),
            format!("{payment_id} may have {count} lines more: give at most so many"),
        ),
        Room::Total => (
            Some("/lines".to_owned()),
            format!(
                "with these the lines of {payment_id} exceed {LARGEST_MINOR} minor units: make another payment"
            ),
        ),
    };
    let code = match room {
        Room::Held(_) | Room::Kept(_) | Room::KeptOfLines(_) | Room::Line(..) => Code::AmountBeyond,
        Room::NoLine(_) | Room::NoTender(_) | Room::Lines(_) | Room::Total => Code::InvalidField,
    };
    let field = pointer.map(|pointer| FieldError {
        pointer,
        code,
        detail: detail.clone(),
    });
    Problem {
        errors: field.into_iter().collect(),
        ..Problem::new(code, detail)
    }
}

fn field_error(line: &Obstructed) -> FieldError {
    let (partner, currency) = (line.partner_id, line.currency);
    let (code, detail) = match line.obstacle {
        Obstacle::Unknown => (
            Code::UnknownPartner,
            format!("there is no partner {partner}; make it first"),
        ),
        Obstacle::Closed => (
            Code::InvalidField,
            format!("{partner} is closed and sells no more; open it again, or name another"),
        ),
        Obstacle::NotContracted => (
            Code::CurrencyNotContracted,
            format!("{partner} has contracts, but none in {currency}; add one, or pay in a currency it has"),
        ),
    };
    FieldError {
        pointer: format!("/lines/{}/partner_id", line.place),
        code,
        detail,
    }
}
