//! Waking the relay: a call within the process, `NOTIFY` from another copy's.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::work::Outbox;

const CHANNEL: &str = "jeongsan_outbox";
/// What is published within this time rings once. A `NOTIFY` in every publishing transaction would make them commit
/// one after the other.
const TOGETHER: Duration = Duration::from_millis(10);

/// Rings for the relay, wherever it runs, whenever this copy has published, until `stop`. A ring that fails is not
/// repeated: the relay looks by itself after a while.
pub async fn ring_the_bell(outbox: Outbox, stop: CancellationToken) {
    let mut published = outbox.subscribe();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = published.changed() => if changed.is_err() { return },
        }
        let rung = sqlx::query!("select pg_notify($1, '')", CHANNEL)
            .execute(outbox.db().pool())
            .await;
        if let Err(error) = rung {
            tracing::debug!(error = %error, "the relay could not be woken");
        }
        tokio::time::sleep(TOGETHER).await;
    }
}

/// What wakes the relay of this copy.
pub(crate) struct Wake {
    published: watch::Receiver<u64>,
    listener: Option<PgListener>,
}

impl Wake {
    /// Listens from now on. Where the database does not let us, this process alone wakes the relay.
    pub(crate) async fn new(outbox: &Outbox) -> Self {
        let listener = outbox.db().listen(CHANNEL).await;
        if let Err(error) = &listener {
            tracing::debug!(error = %error, "the relay hears no other copy");
        }
        Self {
            published: outbox.subscribe(),
            listener: listener.ok(),
        }
    }

    /// Returns when somebody has published.
    pub(crate) async fn rung(&mut self) {
        let Some(listener) = &mut self.listener else {
            let _gone = self.published.changed().await;
            return;
        };
        let is_lost = tokio::select! {
            _ = self.published.changed() => false,
            // None is said when a lost connection was replaced: somebody may have rung meanwhile.
            heard = listener.try_recv() => heard.is_err(),
        };
        if is_lost {
            self.listener = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_publishes_elsewhere_wakes_the_relay_here() {
        let database = testkit::Database::with("log", &[&crate::MIGRATOR, &lease::MIGRATOR]).await;
        // Two outboxes in one database, as two processes have them.
        let (here, elsewhere) = (Outbox::new(database.db()), Outbox::new(database.db()));
        let mut wake = Wake::new(&here).await;
        let stop = CancellationToken::new();
        let bell = tokio::spawn(ring_the_bell(elsewhere.clone(), stop.clone()));
        // Published again and again, since the bell may not hang yet.
        let publishing = async {
            loop {
                let mut work = elsewhere.begin().await.unwrap();
                let event = contracts::events::PaymentRequested {
                    payment_id: ids::PaymentId::generate(),
                };
                work.publish(&event, chrono::DateTime::UNIX_EPOCH).unwrap();
                work.commit().await.unwrap();
                tokio::time::sleep(TOGETHER).await;
            }
        };
        let heard = async {
            tokio::select! {
                () = publishing => false,
                () = wake.rung() => true,
            }
        };
        assert!(tokio::time::timeout(Duration::from_mins(1), heard).await.unwrap());
        stop.cancel();
        bell.await.unwrap();
    }
}
