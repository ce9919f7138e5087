//! Has what happens by itself happen in time.

use std::sync::Arc;
use std::time::Duration;

use chassis::Clock;
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;
use crate::ledger::Ledger;

/// The clock may be moved while we wait for it: this often we look, as long as anything is to happen.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until `stop`. What fell due while nobody ran happens at once.
pub(crate) async fn run(journal: Journal, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut changes = journal.changes();
    loop {
        changes.borrow_and_update();
        let next = journal.read(Ledger::next_due);
        if next.is_some_and(|at| at <= clock.now()) && journal.write(Ledger::fall_due).await.is_err() {
            return;
        }
        let pause = async {
            match journal.read(Ledger::next_due) {
                Some(at) => {
                    let left = at.signed_duration_since(clock.now()).to_std();
                    tokio::time::sleep(left.unwrap_or_default().min(LOOK)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            written = changes.changed() => if written.is_err() { return },
            () = pause => {}
        }
    }
}
