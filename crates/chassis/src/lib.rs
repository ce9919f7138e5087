//! What a service is made of, and how its parts start and stop.
//!
//! A service is data: a name, a port, a database and a function that starts it ([`Service`]). A [`Host`] runs any
//! set of services in one process, so `all` is a list of names and not a special path. A service reaches the others
//! through [`Peers`]: in the same process by a function call, elsewhere by HTTP.

mod auth;
mod caching;
mod clock;
mod feed;
mod health;
mod host;
mod keys;
mod peers;
mod service;
mod settings;
mod tasks;
mod token;
mod transport;

pub use caching::cache_address;
pub use clock::{Clock, FileClock, ManualClock, SystemClock};
pub use feed::PlatformLog;
pub use host::{Host, HostError, port_of};
pub use keys::Keyring;
pub use peers::{PeerError, Peers};
pub use service::{Context, Database, Parts, Service, StartError};
pub use settings::{BASE_KEYS, Key, Kind, Origin, Setting, Settings, SettingsError, Sources};
pub use tasks::Tasks;
pub use token::Signer;
pub use transport::Transport;
