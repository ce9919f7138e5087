//! The primary for once: for who needs one connection, and not a pool that follows.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::whereabouts::Whereabouts;
use crate::{Address, PostgresError};

/// How long is waited for a primary: a failover by Patroni takes about 20 s, and a command can be typed again.
const LIMIT: Duration = Duration::from_secs(10);

/// How to reach the database of an address with one host or several; of several, the primary as it is now.
///
/// # Errors
/// [`PostgresError::Address`], [`PostgresError::NoPrimary`]. A single host is not asked anything.
pub async fn primary(url: &str) -> Result<PgConnectOptions, PostgresError> {
    let address = Address::parse(url)?;
    let name = address.database().to_owned();
    let mut hosts = address.hosts;
    match hosts.pop() {
        Some(only) if hosts.is_empty() => Ok(only.options),
        last => {
            hosts.extend(last);
            Whereabouts::new(name, hosts, Duration::ZERO)
                .find_within(LIMIT)
                .await
        }
    }
}
