//! The journal on disk: written by one task, many lines a disk write, loaded at start.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use chassis::Clock;
use chrono::{DateTime, Utc};
use tokio::fs::OpenOptions;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::ledger::{Ledger, Terms};
use crate::line::{Line, Step};

/// Rules whose lines one disk write may carry.
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
    /// A line that is not the last one can't be read: someone edited the file.
    #[error("line {line} of the journal {path} can't be read: {source}; mend it, or move the file away")]
    Line {
        /// Which file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// The journal can't be written any more.
#[derive(Debug)]
pub(crate) struct Closed;

/// A rule that is to be asked, and what is to be done once its lines are on disk.
type Work = Box<dyn FnOnce(&Ledger, DateTime<Utc>) -> (Vec<Line>, Reply) + Send>;
type Reply = Box<dyn FnOnce() + Send>;

/// The journal, for whoever changes and asks.
#[derive(Clone)]
pub(crate) struct Journal {
    work: mpsc::Sender<Work>,
    shown: Arc<RwLock<Ledger>>,
    changes: watch::Receiver<u64>,
}

impl Journal {
    /// Asks `rule` what to write, and gives its answer when that is on disk. A rule sees all that was decided before,
    /// even what is not on disk yet: it will be, or nobody gets an answer any more.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&Ledger, DateTime<Utc>) -> Step<T> + Send + 'static,
    ) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |ledger, now| {
            let step = rule(ledger, now);
            let answer = step.answer;
            // A client that went away has no use for the answer.
            (step.lines, Box::new(move || drop(reply.send(answer))))
        });
        self.work.send(work).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }

    /// What is on disk, as `read` sees it.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        match self.shown.read() {
            Ok(ledger) => read(&ledger),
            // A panic elsewhere does not change what is on disk.
            Err(poisoned) => read(&poisoned.into_inner()),
        }
    }

    /// Counts disk writes: whoever waits for something looks again after each.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// Loads the journal, and returns it with the task that writes it.
pub(crate) async fn open(
    path: &Path,
    terms: Terms,
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
    let mut ledger = Ledger::new(terms);
    let whole = load(path, &bytes, &mut ledger)?;
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .await
        .map_err(fault)?;
    // The torn end of a write that was never answered: the next line must not be glued to it.
    file.set_len(whole).await.map_err(fault)?;
    file.sync_all().await.map_err(fault)?;
    let file = Arc::new(file.into_std().await);
    let (work, incoming) = mpsc::channel(GROUP);
    let (written, changes) = watch::channel(0);
    let shown = Arc::new(RwLock::new(ledger.clone()));
    let writer = Writer {
        path: path.to_owned(),
        file,
        decided: ledger,
        shown: Arc::clone(&shown),
        written,
        clock,
    };
    let journal = Journal { work, shown, changes };
    Ok((journal, writer.run(incoming, stop)))
}

/// Reads lines into `ledger`; returns how many bytes of the file are whole lines.
fn load(path: &Path, bytes: &[u8], ledger: &mut Ledger) -> Result<u64, JournalError> {
    let mut whole: u64 = 0;
    for (place, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.last() != Some(&b'\n') {
            break;
        }
        let read = Line::parse(line).map_err(|source| JournalError::Line {
            path: path.display().to_string(),
            line: place + 1,
            source,
        })?;
        ledger.apply(read);
        whole += u64::try_from(line.len()).unwrap_or(0);
    }
    Ok(whole)
}

struct Writer {
    path: PathBuf,
    file: Arc<File>,
    /// What rules decide with: ahead of the disk by the lines of one write.
    decided: Ledger,
    /// What is on disk. A ledger of its own: what is decided changes older entries too, and must not show before.
    shown: Arc<RwLock<Ledger>>,
    written: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
}

impl Writer {
    /// Runs until `stop`. What has come in by the time the disk is ready is the next group.
    async fn run(mut self, mut incoming: mpsc::Receiver<Work>, stop: CancellationToken) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let count = tokio::select! {
                count = incoming.recv_many(&mut group, GROUP) => count,
                () = stop.cancelled() => 0,
            };
            if count == 0 {
                return;
            }
            if let Err(error) = self.write(group.drain(..)).await {
                // What is on disk now is not known: nothing more is answered until a restart has read it.
                let path = self.path.display().to_string();
                tracing::error!(path, error = %error, "the journal of the simulated network can't be written");
                return;
            }
        }
    }

    async fn write(&mut self, group: impl Iterator<Item = Work>) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let mut lines = Vec::new();
        let mut replies = Vec::new();
        for work in group {
            let (own, reply) = work(&self.decided, self.clock.now());
            for line in own {
                serde_json::to_writer(&mut bytes, &line)?;
                bytes.push(b'\n');
                self.decided.apply(line.clone());
                lines.push(line);
            }
            replies.push(reply);
        }
        if !bytes.is_empty() {
            let file = Arc::clone(&self.file);
            // In one go: each hand-over to a thread that may wait for the disk keeps everybody waiting.
            let written = move || (&*file).write_all(&bytes).and_then(|()| file.sync_data());
            tokio::task::spawn_blocking(written).await??;
            self.show(lines);
        }
        for reply in replies {
            reply();
        }
        Ok(())
    }

    fn show(&self, lines: Vec<Line>) {
        let mut shown = match self.shown.write() {
            Ok(shown) => shown,
            Err(poisoned) => poisoned.into_inner(),
        };
        for line in lines {
            shown.apply(line);
        }
        drop(shown);
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charge::{Entry, Operation, Order};
    use crate::ledger::{Decision, tests::terms};
    use crate::line::fresh_id;
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
            return_url: None,
        }
    }

    async fn execute(journal: &Journal, order: Order) -> Decision {
        let rule = move |ledger: &Ledger, now| ledger.execute(&order, fresh_id("chg"), now);
        journal.write(rule).await.unwrap()
    }

    async fn opened(path: &Path) -> Journal {
        let (journal, writer) = open(path, terms(), Arc::new(SystemClock), CancellationToken::new())
            .await
            .unwrap();
        tokio::spawn(writer);
        journal
    }

    fn keys(journal: &Journal) -> Vec<String> {
        journal.read(|l| {
            l.entries()
                .iter()
                .map(|e| e.order.connector_key.clone())
                .collect()
        })
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator/journal.jsonl");
        let journal = opened(&path).await;
        let Decision::Fresh { entry: first, .. } = execute(&journal, sale("a")).await else {
            panic!("not fresh")
        };
        // No goodbye: the second journal reads what is on disk.
        let again = opened(&path).await;
        let Decision::Repeat(repeat) = execute(&again, sale("a")).await else {
            panic!("executed twice")
        };
        assert_eq!(first, repeat);
        assert_eq!(keys(&again), ["a"]);
    }

    #[tokio::test]
    async fn a_torn_last_line_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        execute(&opened(&path).await, sale("a")).await;
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(br#"{"sequence":2,"connector_key":"b","#);
        std::fs::write(&path, bytes).unwrap();
        let journal = opened(&path).await;
        assert!(matches!(
            execute(&journal, sale("b")).await,
            Decision::Fresh {
                entry: Entry { sequence: 2, .. },
                ..
            }
        ));
        assert_eq!(keys(&opened(&path).await), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_bad_line_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        std::fs::write(&path, "nonsense\n").unwrap();
        let refusal = open(&path, terms(), Arc::new(SystemClock), CancellationToken::new())
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
                tokio::spawn(async move { execute(&journal, sale(&(n % 4).to_string())).await })
            })
            .collect();
        let mut charges = HashSet::new();
        let mut fresh = 0;
        for task in tasks {
            match task.await.unwrap() {
                Decision::Fresh { entry, .. } => {
                    fresh += 1;
                    charges.insert(entry.result_charge_id);
                }
                Decision::Repeat(entry) => drop(charges.insert(entry.result_charge_id)),
                Decision::Reused => panic!("one order a key"),
            }
        }
        assert_eq!((fresh, charges.len(), keys(&journal).len()), (4, 4, 4));
    }
}
