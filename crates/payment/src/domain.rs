//! The rules of a payment, without a database, a clock or a network.

pub mod amounts;
pub mod command;
pub mod dispute;
pub mod evidence;
#[cfg(test)]
mod grid;
pub mod health;
pub mod method;
pub mod operation;
pub mod order;
pub mod parts;
pub mod payment;
pub mod plan;
pub mod refusal;
pub mod routing;
pub mod selling;
pub mod status;
pub mod tender;
pub mod token;
pub mod webhook;
mod words;

pub use command::Command;
pub use method::{Details, Method, NewMethod, PaidBy, Unusable};
pub use operation::{Cause, Done, Ending, Operation, OperationState, Transaction};
pub use order::{Means, Order};
pub use parts::{OwedLine, Part};
pub use payment::{Action, Capture, ConnectorName, Failure, Payment};
pub use plan::{Change, Step};
pub use routing::{Candidate, Route, RoutingTable, Rule};
pub use status::PaymentStatus;
pub use tender::{Tender, TenderAmounts};
pub use token::Token;
