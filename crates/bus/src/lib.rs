//! The event log: an outbox written with the state, consumers that write effect and position together.
//!
//! A service changes its state inside a [`Work`]; what it publishes there is committed with the state or not at
//! all. Another service reads the log through [`EventLog`] and hands each record to its [`Handler`] inside a
//! transaction that also moves its position, so that a repeat changes nothing.
//!
//! Order: the log as a whole has none worth relying on, but the events of one aggregate on one topic carry the
//! numbers 1, 2, 3, ... without gaps, and a [`Consumer`] hands them over in that order, whatever order they come in.
//!
//! A log may stand in a broker: then a [`Relay`] takes the outbox there, and numbers what it puts into each partition,
//! so that a reader sees what it misses, and fetches it through [`Feed`] from where it came from.

mod at_once;
mod broker;
mod consumer;
pub mod dead;
mod error;
mod feed;
mod frontier;
mod gate;
mod history;
mod inbox;
mod log;
mod marks;
mod numbering;
mod outbox;
mod outbox_log;
mod pace;
mod placements;
mod record;
mod relay;
mod wake;
mod watchdog;
mod work;

pub use at_once::{AtOnce, FirstEvent, Statement};
pub use broker::{Broker, Mark, Sequenced};
pub use consumer::{Consumer, Handler, Progress};
pub use error::{BusError, Refusal};
pub use feed::{Feed, Heads};
pub use history::history;
pub use log::{EventLog, Lag, Places, Reader};
pub use outbox_log::{OUTBOX, OutboxLog};
pub use record::{Cursor, Record};
pub use relay::Relay;
pub use wake::ring_the_bell;
pub use work::{Outbox, Work};

/// The tables of this crate, made in every service's database under the schema `bus`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
