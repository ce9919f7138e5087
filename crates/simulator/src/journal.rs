//! The journal on disk: written by one task, many orders a disk write, loaded at start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use chassis::Clock;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::charge::{Entry, Order};
use crate::ledger::{Decision, Ledger};

/// Orders that one disk write may carry.
const GROUP: usize = 1_000;

/// The journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The file can't be opened, read or written.
    #[error("the journal {path} cannot be used: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line that is not the last one is not an entry: someone edited the file.
    #[error("line {line} of the journal {path} is not an entry: {source}; mend it, or move the file away")]
    Line {
        /// Which file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// What became of an order.
#[derive(Debug)]
pub(crate) enum Executed {
    /// Written now.
    Fresh(Entry),
    /// Written before; this is the first outcome.
    Repeat(Entry),
    /// The key stands for another order.
    Reused,
    /// The journal can't be written any more.
    Closed,
}

/// The journal, for whoever executes and asks.
#[derive(Clone)]
pub(crate) struct Journal {
    orders: mpsc::Sender<(Order, oneshot::Sender<Executed>)>,
    ledger: Arc<RwLock<Ledger>>,
}

impl Journal {
    /// Executes an order once; returns when its entry is on disk.
    pub(crate) async fn execute(&self, order: Order) -> Executed {
        let (reply, answer) = oneshot::channel();
        if self.orders.send((order, reply)).await.is_err() {
            return Executed::Closed;
        }
        answer.await.unwrap_or(Executed::Closed)
    }

    /// What is on disk, as `read` sees it.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        match self.ledger.read() {
            Ok(ledger) => read(&ledger),
            // A panic elsewhere does not change what is on disk.
            Err(poisoned) => read(&poisoned.into_inner()),
        }
    }
}

/// Loads the journal, and returns it with the task that writes it.
pub(crate) async fn open(
    path: &Path,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(Journal, impl Future<Output = ()> + use<>), JournalError> {
    let fault = |source| JournalError::File {
        path: path.display().to_string(),
        source,
    };
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(fault)?;
    }
    let bytes = match tokio::fs::read(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(fault)?,
    };
    let (ledger, whole) = load(path, &bytes)?;
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .await
        .map_err(fault)?;
    // The torn end of a write that was never answered: the next line must not be glued to it.
    file.set_len(whole).await.map_err(fault)?;
    file.sync_all().await.map_err(fault)?;
    let (orders, incoming) = mpsc::channel(GROUP);
    let ledger = Arc::new(RwLock::new(ledger));
    let writer = Writer {
        path: path.to_owned(),
        file,
        ledger: Arc::clone(&ledger),
        clock,
    };
    Ok((Journal { orders, ledger }, writer.run(incoming, stop)))
}

/// Reads entries; returns how many bytes of the file are whole lines.
fn load(path: &Path, bytes: &[u8]) -> Result<(Ledger, u64), JournalError> {
    let mut ledger = Ledger::default();
    let mut whole: u64 = 0;
    for (place, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.last() != Some(&b'\n') {
            break;
        }
        let entry = serde_json::from_slice(line).map_err(|source| JournalError::Line {
            path: path.display().to_string(),
            line: place + 1,
            source,
        })?;
        ledger.apply(entry);
        whole += u64::try_from(line.len()).unwrap_or(0);
    }
    ledger.settle();
    Ok((ledger, whole))
}

struct Writer {
    path: PathBuf,
    file: File,
    ledger: Arc<RwLock<Ledger>>,
    clock: Arc<dyn Clock>,
}

impl Writer {
    /// Runs until `stop`. What has come in by the time the disk is ready is the next group.
    async fn run(
        mut self,
        mut incoming: mpsc::Receiver<(Order, oneshot::Sender<Executed>)>,
        stop: CancellationToken,
    ) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let count = tokio::select! {
                count = incoming.recv_many(&mut group, GROUP) => count,
                () = stop.cancelled() => 0,
            };
            if count == 0 {
                return;
            }
            let mut lines = Vec::new();
            let mut answers = Vec::with_capacity(group.len());
            for (order, reply) in group.drain(..) {
                answers.push((self.decide(&order, &mut lines), reply));
            }
            if let Err(error) = self.write(&lines).await {
                // What is on disk now is not known: nothing more is answered until a restart has read it.
                let path = self.path.display().to_string();
                tracing::error!(path, error = %error, "the journal of the simulated network can't be written");
                return;
            }
            self.change(Ledger::settle);
            for (executed, reply) in answers {
                // A client that went away has no use for the answer.
                let _gone = reply.send(executed);
            }
        }
    }

    fn decide(&self, order: &Order, lines: &mut Vec<u8>) -> Executed {
        let charge_id = format!("chg_{}", uuid::Uuid::now_v7().simple());
        let now = self.clock.now();
        self.change(|ledger| match ledger.decide(order, charge_id, now) {
            Decision::Repeat(entry) => Executed::Repeat(entry),
            Decision::Reused => Executed::Reused,
            Decision::Fresh(entry) => match serde_json::to_vec(&entry) {
                Ok(line) => {
                    lines.extend(line);
                    lines.push(b'\n');
                    ledger.apply(entry.clone());
                    Executed::Fresh(entry)
                }
                Err(_) => Executed::Closed,
            },
        })
    }

    async fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.file.write_all(lines).await?;
        self.file.flush().await?;
        self.file.sync_data().await
    }

    fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        match self.ledger.write() {
            Ok(mut ledger) => change(&mut ledger),
            Err(poisoned) => change(&mut poisoned.into_inner()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charge::Operation;
    use chassis::SystemClock;
    use money::Currency;
    use std::collections::HashSet;

    fn sale(key: &str) -> Order {
        Order {
            connector_key: key.into(),
            operation: Operation::Sale,
            amount_minor: 1_000,
            currency: Currency::KRW,
            token: "tok_ok".into(),
            charge_id: None,
        }
    }

    async fn opened(path: &Path) -> Journal {
        let (journal, writer) = open(path, Arc::new(SystemClock), CancellationToken::new())
            .await
            .unwrap();
        tokio::spawn(writer);
        journal
    }

    fn keys(journal: &Journal) -> Vec<String> {
        journal.read(|l| l.shown().iter().map(|e| e.order.connector_key.clone()).collect())
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator/journal.jsonl");
        let journal = opened(&path).await;
        let Executed::Fresh(first) = journal.execute(sale("a")).await else {
            panic!("not fresh")
        };
        // No goodbye: the second journal reads what is on disk.
        let again = opened(&path).await;
        let Executed::Repeat(repeat) = again.execute(sale("a")).await else {
            panic!("executed twice")
        };
        assert_eq!(first, repeat);
        assert_eq!(keys(&again), ["a"]);
    }

    #[tokio::test]
    async fn a_torn_last_line_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        opened(&path).await.execute(sale("a")).await;
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(br#"{"sequence":2,"connector_key":"b","#);
        std::fs::write(&path, bytes).unwrap();
        let journal = opened(&path).await;
        assert!(matches!(
            journal.execute(sale("b")).await,
            Executed::Fresh(Entry { sequence: 2, .. })
        ));
        assert_eq!(keys(&opened(&path).await), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_bad_line_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        std::fs::write(&path, "nonsense\n").unwrap();
        let refusal = open(&path, Arc::new(SystemClock), CancellationToken::new())
            .await
            .err()
            .unwrap();
        assert!(refusal.to_string().contains("line 1"), "{refusal}");
    }

    #[tokio::test]
    async fn many_at_once_with_one_key_are_one_charge() {
        let folder = tempfile::tempdir().unwrap();
        let journal = opened(&folder.path().join("journal.jsonl")).await;
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let journal = journal.clone();
                tokio::spawn(async move { journal.execute(sale(&(n % 4).to_string())).await })
            })
            .collect();
        let mut charges = HashSet::new();
        let mut fresh = 0;
        for task in tasks {
            match task.await.unwrap() {
                Executed::Fresh(entry) => {
                    fresh += 1;
                    charges.insert(entry.result_charge_id);
                }
                Executed::Repeat(entry) => drop(charges.insert(entry.result_charge_id)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((fresh, charges.len(), keys(&journal).len()), (4, 4, 4));
    }
}
