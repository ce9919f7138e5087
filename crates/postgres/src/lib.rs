//! The one way to a database: pool, provisioning, roles, migrations.
//!
//! Every service holds exactly one [`Db`]. Nothing else in the project builds a pool, because the pool carries a
//! hook (see [`Db::connect`]) without which an acknowledged write can vanish.

mod db;
mod error;
mod provision;

pub use db::{Db, DbOptions, Transaction};
pub use error::{PostgresError, is_transient, violated_constraint};
pub use provision::{DatabaseSpec, Provision, READER_ROLE, RolePasswords, provision};
