//! The signals that ask a process to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::fault::Fault;

/// Listens for SIGINT and SIGTERM from when it is made.
pub(crate) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
}

impl Shutdown {
    /// From now on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, Fault> {
        let open = |kind| signal(kind).map_err(|e| Fault::failed("cannot listen for signals", &e));
        Ok(Self {
            interrupt: open(SignalKind::interrupt())?,
            terminate: open(SignalKind::terminate())?,
        })
    }

    /// Returns when one came.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
