//! A private PostgreSQL in the data folder: found or downloaded, started, stopped, recovered.
//!
//! [`EmbeddedPostgres::start`] owns one cluster in `data_dir/postgres` and everything beside it:
//!
//! | file | what |
//! | --- | --- |
//! | `postgres/` | the cluster itself, created once by `initdb`, never deleted by this crate |
//! | `postgres.password` | the superuser's password, mode 0600 |
//! | `postgres.port` | the port, so that it stays the same over restarts |
//! | `postgres.log` | what the server said |
//! | `postgres.lock` | held as long as an owner lives; a second owner is refused |
//!
//! What never happens here: durability is never switched off, data is never deleted, a cluster of
//! another folder is never signalled, a data folder is never opened by another major version.

mod binaries;
mod cluster;
mod download;
mod error;
mod folder;
mod lock;
mod log;
mod options;
mod orphan;
mod pidfile;
mod port;
mod process;
mod programs;
mod server;
mod settings;
mod supervise;
mod url;
mod user;

mod embedded;

pub use embedded::EmbeddedPostgres;
pub use error::EmbeddedError;
pub use options::EmbeddedOptions;
pub use programs::Programs;
pub use supervise::ServerState;
