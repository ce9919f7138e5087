//! How long anything may take and how many connections a pool may have, from few numbers, in one place.
//!
//! **Time.** Whoever asks waits for one request, R. A third of it may pass in waiting for a connection, a third in
//! waiting for another's lock, a third in waiting for a replica to confirm a commit, so that each is answered
//! as what it is, and not as a request that took too long. A statement may take R: nobody waits for it any longer. A
//! transaction in which nothing happens for R / 2 holds back every reader of the outbox, and the server ends it.
//!
//! **Connections.** A server takes `max_connections`, for all services and all their copies:
//!
//! ```text
//! pools x (copies + 1) x (connections + 1) <= max_connections - reserve
//! ```
//!
//! One copy more than there are, since a new one starts before an old one stops. One connection beside each pool, for
//! leases: who leads must not depend on how busy the pool is. The reserve is for those who come
//! beside the services: 3 that PostgreSQL keeps for superusers, 7 on which the relays that lead listen, and 12 for an
//! administrator, `verify` (one a database), and a look at each server. Replicas for reading have pools of their own, half as large; they are other
//! servers, but one of them may be the next primary, so they count too.

use std::time::Duration;

/// Connections that are not for pools.
const RESERVE: u32 = 22;
/// A pool of fewer can deadlock with itself: a loop holds one while it waits for another.
const FEWEST: u32 = 2;
/// A group commit needs few connections; more than these only queue inside the server.
const MOST: u32 = 8;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Waiting for a connection, and at the start for a primary.
    pub acquire: Duration,
    /// A statement.
    pub statement: Duration,
    /// Waiting for another transaction's lock.
    pub lock: Duration,
    /// A transaction in which nothing happens.
    pub idle_in_transaction: Duration,
    /// A commit; after that, its outcome is not known.
    pub commit: Duration,
}

impl Timeouts {
    /// Those that fit in a request that is given up after `request`.
    pub fn within(request: Duration) -> Self {
        let third = request / 3;
        Self {
            acquire: third,
            statement: request,
            lock: third,
            idle_in_transaction: request / 2,
            commit: third,
        }
    }
}

/// Who shares a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// The server's `max_connections`.
    pub server_connections: u32,
    /// Services with a database on it.
    pub services: u32,
    /// Copies of each service that run at the same time, 1 or more.
    pub copies: u32,
    /// Whether there are replicas, of which one may become the primary.
    pub has_replicas: bool,
}

impl Sharing {
    /// How many connections each service's pool gets: at least 2, at most 8.
    pub fn connections(&self) -> u32 {
        let pools = self.services.max(1).saturating_mul(self.copies.saturating_add(1));
        let free = self.server_connections.saturating_sub(RESERVE);
        // With replicas, a pool of n has one of n / 2 beside it.
        let (share, whole) = if self.has_replicas { (2, 3) } else { (1, 1) };
        let each = (free / pools).saturating_sub(1).saturating_mul(share) / whole;
        each.clamp(FEWEST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_copies_of_all_services_fit_on_the_server() {
        for (server_connections, copies, has_replicas, expected) in [
            (200, 1, false, 8),
            (200, 1, true, 8),
            (200, 2, false, 7),
            (200, 2, true, 4),
            (100, 1, false, 4),
            (100, 2, true, 2),
            (500, 5, false, 8),
            (10, 1, false, 2),
        ] {
            let sharing = Sharing {
                server_connections,
                services: 7,
                copies,
                has_replicas,
            };
            assert_eq!(sharing.connections(), expected, "{sharing:?}");
        }
    }

    #[test]
    fn nothing_takes_longer_than_the_request() {
        let request = Duration::from_secs(30);
        let limits = Timeouts::within(request);
        for limit in [
            limits.acquire,
            limits.statement,
            limits.lock,
            limits.idle_in_transaction,
            limits.commit,
        ] {
            assert!(limit <= request && limit > Duration::ZERO);
        }
    }
}
