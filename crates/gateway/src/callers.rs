//! Who shows a credential: the user service says, and its word holds for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::{Clock, PeerError, Peers};
use chrono::{DateTime, TimeDelta, Utc};
use contracts::Caller;
use contracts::internal::{Authenticated, Credential};
use http::Method;
use sha2::{Digest, Sha256};

use crate::kept::is_fresh;

/// How long a caller is believed: as long as a revoked key may still work at a gateway that did not see it revoked.
const KNOWN_LIFE: TimeDelta = TimeDelta::seconds(5);
/// How long "nobody" is believed: a key that was just made works at once nearly everywhere.
const UNKNOWN_LIFE: TimeDelta = TimeDelta::seconds(1);
/// How many are remembered at most.
const CAPACITY: usize = 10_000;
/// How long the user service may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks the user service and remembers.
pub(crate) struct Callers {
    peers: Peers,
    clock: Arc<dyn Clock>,
    memory: Memory,
}

impl Callers {
    /// Remembers nobody yet.
    pub(crate) fn new(peers: Peers, clock: Arc<dyn Clock>) -> Self {
        Self {
            peers,
            clock,
            memory: Memory::default(),
        }
    }

    /// The caller; none where the credential is unknown, expired or revoked.
    pub(crate) async fn who(&self, credential: &Credential) -> Result<Option<Caller>, PeerError> {
        let key = key(credential);
        if let Some(word) = self.memory.get(&key, self.clock.now()) {
            return Ok(word.caller());
        }
        let epoch = self.memory.epoch();
        let path = "/internal/v1/authenticate";
        let answer: Authenticated = self
            .peers
            .ask("user", Method::POST, path, Some(credential), LIMIT)
            .await?;
        // Nobody from outside is a service, whatever the answer says.
        let caller = answer.caller.filter(|caller| !caller.is_service());
        let word = caller.map_or(Word::Nobody, Word::Caller);
        self.memory.put(epoch, key, word.clone(), self.clock.now());
        Ok(word.caller())
    }

    /// Forgets everyone: someone was let in or shut out.
    pub(crate) fn forget(&self) {
        self.memory.clear();
    }
}

/// Credentials are remembered by their hash.
fn key(credential: &Credential) -> [u8; 32] {
    let text = match credential {
        Credential::ApiKey { key } => key,
        Credential::Session { token } => token,
    };
    Sha256::digest(text.as_bytes()).into()
}

/// What the user service said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Caller(Caller),
    Nobody,
}

impl Word {
    fn caller(self) -> Option<Caller> {
        match self {
            Self::Caller(caller) => Some(caller),
            Self::Nobody => None,
        }
    }

    fn life(&self) -> TimeDelta {
        match self {
            Self::Caller(_) => KNOWN_LIFE,
            Self::Nobody => UNKNOWN_LIFE,
        }
    }
}

#[derive(Default)]
struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// Counts the clearings: an answer that was asked for before one must not be remembered after it.
    epoch: u64,
    entries: HashMap<[u8; 32], Entry>,
}

struct Entry {
    since: DateTime<Utc>,
    word: Word,
}

impl Entry {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        is_fresh(self.since, now, self.word.life())
    }
}

impl Memory {
    fn get(&self, key: &[u8; 32], now: DateTime<Utc>) -> Option<Word> {
        let state = self.0.lock().ok()?;
        let entry = state.entries.get(key).filter(|entry| entry.is_fresh(now))?;
        Some(entry.word.clone())
    }

    fn epoch(&self) -> u64 {
        self.0.lock().map_or(0, |state| state.epoch)
    }

    fn put(&self, epoch: u64, key: [u8; 32], word: Word, now: DateTime<Utc>) {
        let Ok(mut state) = self.0.lock() else { return };
        if state.epoch != epoch {
            return;
        }
        if state.entries.len() >= CAPACITY {
            state.entries.retain(|_, entry| entry.is_fresh(now));
        }
        // A flood of made-up keys fills it with nobodies; the callers who are real are asked about again.
        if state.entries.len() >= CAPACITY {
            state.entries.clear();
        }
        state.entries.insert(key, Entry { since: now, word });
    }

    fn clear(&self) {
        if let Ok(mut state) = self.0.lock() {
            state.epoch = state.epoch.wrapping_add(1);
            state.entries.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone() -> Word {
        Word::Caller(Caller {
            id: "usr_1".into(),
            roles: vec![contracts::Role::Auditor],
        })
    }

    #[test]
    fn a_caller_is_believed_for_five_seconds_and_nobody_for_one() {
        let start = DateTime::UNIX_EPOCH;
        for (word, life) in [(someone(), 5), (Word::Nobody, 1)] {
            let memory = Memory::default();
            memory.put(0, [1; 32], word.clone(), start);
            assert_eq!(memory.get(&[2; 32], start), None);
            let last = start + TimeDelta::milliseconds(life * 1_000 - 1);
            assert_eq!(memory.get(&[1; 32], last), Some(word));
            assert_eq!(memory.get(&[1; 32], start + TimeDelta::seconds(life)), None);
            assert_eq!(memory.get(&[1; 32], start - TimeDelta::seconds(1)), None);
        }
    }

    #[test]
    fn an_answer_asked_for_before_a_change_is_not_remembered_after_it() {
        let memory = Memory::default();
        let now = DateTime::UNIX_EPOCH;
        let before = memory.epoch();
        memory.clear();
        memory.put(before, [1; 32], someone(), now);
        assert_eq!(memory.get(&[1; 32], now), None);
        memory.put(memory.epoch(), [1; 32], someone(), now);
        assert_eq!(memory.get(&[1; 32], now), Some(someone()));
    }

    #[test]
    fn the_memory_does_not_grow_without_end() {
        let memory = Memory::default();
        let now = DateTime::UNIX_EPOCH;
        for n in 0..=CAPACITY {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_be_bytes());
            memory.put(0, key, Word::Nobody, now);
        }
        assert!(memory.0.lock().unwrap().entries.len() <= CAPACITY);
    }
}
