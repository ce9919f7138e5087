//! Of several copies one acts: a lease in the service's own database, with a fencing token that SQL checks.
//!
//! A [`Lease`] is taken by one copy at a time and extended while it acts. Time alone proves nothing: a copy that was
//! paused believes that it leads when it wakes up. So each transaction that only the leader may commit asks
//! [`Term::check`], which fails when the lease has changed hands, and keeps it from changing hands until the
//! transaction ends.

mod campaign;
mod error;
mod store;
mod term;

pub use campaign::{Lease, Options};
pub use error::LeaseError;
pub use term::Term;

/// The table of this crate, made under the schema `lease` in every service's database.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
