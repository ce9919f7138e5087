//! The one way to a database: pool, provisioning, roles, migrations.
//!
//! Every service holds exactly one [`Db`]. Nothing else in the project builds a pool, because the pool carries a
//! hook (see [`Db::connect`]) without which an acknowledged write can vanish.

mod address;
mod db;
mod error;
mod limits;
mod primary;
mod provision;
mod single;
mod standing;
mod survey;
mod transaction;
mod whereabouts;

pub use address::Address;
pub use db::{Db, DbOptions};
pub use error::{PostgresError, is_transient, violated_constraint};
pub use limits::{Sharing, Timeouts};
pub use primary::primary;
pub use provision::{DatabaseSpec, Provision, READER_ROLE, RolePasswords, provision};
pub use single::{Single, was_in_the_way};
pub use survey::Survey;
pub use transaction::Transaction;
