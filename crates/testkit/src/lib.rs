//! A whole platform for a test: databases, builders, clocks.
//!
//! ```text
//! let database = testkit::Database::for_service(&partner::service()).await;
//! let outbox = database.outbox();
//! ```
//!
//! | what | how |
//! | --- | --- |
//! | a database | [`Database::for_service`]: a copy of a template that was migrated once |
//! | running services with their HTTP | [`Platform::of`] |
//! | what is logged | [`Logs::capture`] |
//! | services that are killed | [`PlatformBuilder::apart`], [`Platform::launch`] |
//! | events as other services publish them | [`events`] |
//! | the rules of an event log, as tests | [`event_log`] |
//!
//! All databases live in one PostgreSQL: the one whose administrator's address stands in
//! `JEONGSAN_TEST_POSTGRES_URL`, else a private one that ends with the test process.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "tests alone use this crate, and a test reports a fault by panicking"
)]

mod database;
pub mod event_log;
pub mod events;
mod logs;
mod platform;
mod ports;
mod process;
mod server;
mod stale;
mod template;

pub use database::Database;
pub use logs::Logs;
pub use platform::{Answer, Platform, PlatformBuilder, administrator, auditor, operator};
pub use process::Process;

/// The environment variable with the address of a PostgreSQL that tests may use, as its administrator.
pub const POSTGRES_URL: &str = "JEONGSAN_TEST_POSTGRES_URL";
