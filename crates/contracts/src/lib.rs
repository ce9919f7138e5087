//! What crosses a service border: topics, events, and the types of internal calls.
//!
//! Services never depend on each other, only on this crate. A type here is a promise to services that may be
//! older or newer than this one: fields are added with a default, never renamed and never given another meaning. For
//! events the tests under `tests/schemas` hold it.

mod asyncapi;
mod caller;
pub mod contract_terms;
pub mod envelope;
pub mod events;
pub mod internal;
pub mod schemas;
pub mod topics;

pub use asyncapi::asyncapi;
pub use caller::{Caller, Role};
pub use events::Event;
pub use topics::Topic;
