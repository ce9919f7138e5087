//! The event log: an outbox written with the state, consumers that write effect and position together.
//!
//! A service changes its state inside a [`Work`]; what it publishes there is committed with the state or not at
//! all. Another service reads the log through [`EventLog`] and hands each record to its [`Handler`] inside a
//! transaction that also moves its position, so that a repeat changes nothing.
//!
//! Order: the log as a whole has none worth relying on, but the events of one aggregate on one topic carry the
//! numbers 1, 2, 3, ... without gaps, and a [`Consumer`] hands them over in that order, whatever order they come in.

mod consumer;
pub mod dead;
mod error;
mod gate;
mod inbox;
mod log;
mod outbox;
mod record;
mod work;

pub use consumer::{Consumer, Handler, Progress};
pub use error::{BusError, Refusal};
pub use log::{EventLog, OutboxLog};
pub use record::{Cursor, Record};
pub use work::{Outbox, Work};

/// The tables of this crate, made in every service's database under the schema `bus`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
