//! Ports for the services of one test.

use std::net::{Ipv4Addr, TcpListener};

/// How many ports a block has: services stand at most 10 above the gateway's.
const BLOCK: u16 = 16;

/// A block of free ports below 32768, where outgoing connections begin. The last port of the block is held, so that
/// no other test takes the block.
#[derive(Debug)]
pub(crate) struct Ports {
    pub(crate) base: u16,
    _held: TcpListener,
}

impl Ports {
    /// A block that is free now.
    pub(crate) fn reserve() -> Self {
        loop {
            let base = 12_000 + BLOCK * rand::random_range(0..1_200_u16);
            let held = TcpListener::bind((Ipv4Addr::LOCALHOST, base + BLOCK - 1));
            let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            if let Ok(held) = held
                && (base..base + BLOCK - 1).all(free)
            {
                return Self { base, _held: held };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_apart_and_below_the_ephemeral_range() {
        let blocks: Vec<_> = (0..20).map(|_| Ports::reserve()).collect();
        for (n, block) in blocks.iter().enumerate() {
            assert!(block.base + BLOCK <= 32_768);
            let others = blocks.iter().skip(n + 1);
            assert!(
                others
                    .into_iter()
                    .all(|other| other.base.abs_diff(block.base) >= BLOCK)
            );
        }
    }
}
