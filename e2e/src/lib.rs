//! What the end-to-end tests stand on: the real binary, as one process or as many, and a client for its API.
//!
//! Nothing in here knows how the platform works inside; it starts processes, sends HTTP and reads answers.

mod api;
mod platform;
mod shop;
mod wait;

pub use api::{Answer, Api};
pub use platform::{Mode, PORTS, Platform, Stage, binary};
pub use shop::{contract_terms, external_payment, partner_with_contract, platform_payment};
pub use wait::{eventually, within};
