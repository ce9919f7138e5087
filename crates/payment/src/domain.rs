//! The rules of a payment, without a database, a clock or a network.

pub mod amounts;
pub mod operation;
pub mod order;
pub mod payment;
pub mod selling;
pub mod status;
mod words;

pub use operation::{Operation, OperationState, Transaction};
pub use order::{Means, Order};
pub use payment::{Capture, ConnectorName, Failure, Payment, Tender};
pub use status::{Command, PaymentStatus};
