//! The port, the same over restarts.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::error::{EmbeddedError, on};

/// Below 32768, where the ephemeral range of Linux begins: a port of that range can be taken by any
/// outgoing connection while the server restarts.
const RANGE: std::ops::RangeInclusive<u16> = 20_000..=32_767;
const TRIES: usize = 500;

/// The wanted port, else the remembered one, else a free one.
pub(crate) fn choose(wanted: Option<u16>, file: &Path) -> Result<u16, EmbeddedError> {
    if let Some(port) = wanted.or_else(|| remembered(file)) {
        return if free(port) {
            Ok(port)
        } else {
            Err(EmbeddedError::PortTaken {
                port,
                file: file.to_owned(),
            })
        };
    }
    (0..TRIES)
        .map(|_| rand::random_range(RANGE))
        .find(|port| free(*port))
        .ok_or(EmbeddedError::NoFreePort)
}

/// Keeps the port for the next start; called once the server listens, so that a lost race is not kept.
pub(crate) fn remember(port: u16, file: &Path) -> Result<(), EmbeddedError> {
    fs::write(file, format!("{port}\n")).map_err(on("write", file))
}

fn remembered(file: &Path) -> Option<u16> {
    fs::read_to_string(file)
        .ok()?
        .trim()
        .parse()
        .ok()
        .filter(|port| *port > 0)
}

fn free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_port_is_below_the_ephemeral_range_and_comes_again() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("port");
        let port = choose(None, &file).unwrap();
        assert!(RANGE.contains(&port));
        remember(port, &file).unwrap();
        assert_eq!(choose(None, &file).unwrap(), port);
    }

    #[test]
    fn a_taken_port_is_refused_not_replaced() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("port");
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        remember(port, &file).unwrap();
        for wanted in [None, Some(port)] {
            let error = choose(wanted, &file).unwrap_err();
            assert!(matches!(error, EmbeddedError::PortTaken { .. }), "{error:?}");
        }
    }
}
