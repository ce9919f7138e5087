//! What the service does, one use case a file. Only here are units of work begun and committed.

pub mod hold;
pub mod price_disputes;
mod price_lines;
pub mod price_payments;
pub mod price_refunds;
pub mod price_waiting;
pub mod read;
pub mod record_contracts;
pub mod record_partners;
pub mod refresh_schedules;
pub mod request_settlements;
pub mod settle;
mod take_back;
mod write_lines;
