//! Ports for servers.

use std::net::{Ipv4Addr, TcpListener};

use crate::ServersError;

/// The first of `count` ports in a row that nobody listens on now, between 12000 and 32767.
///
/// # Errors
/// [`ServersError::NoPorts`] after a thousand attempts.
pub fn free_block(count: u16) -> Result<u16, ServersError> {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    (0..1_000)
        .map(|_| rand::random_range(12_000..32_768_u16.saturating_sub(count)))
        .find(|base| (*base..base.saturating_add(count)).all(free))
        .ok_or(ServersError::NoPorts { count })
}
