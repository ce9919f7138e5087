//! The lines of the journal. Everything that changes the network's state is one.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::charge::{Entry, Outcome};
use crate::dispute::{Dispute, Evidence, Stage};

/// One line. Where it is told to the world, it carries the id of that event: so the event is the same after a restart,
/// and can't be lost beside its line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// An order was executed.
    Executed(Box<Executed>),
    /// Anything else.
    Note(Box<Note>),
}

/// An entry with its first outcome, flat, as journals always had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Executed {
    #[serde(flatten)]
    pub(crate) entry: Entry,
    /// Of the event that tells of it; for a cancel, of the charge that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event_id: Option<String>,
}

/// What is no entry; known by its `note`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub(crate) enum Note {
    /// The outcome of an entry is another one now.
    Changed(Change),
    /// A dispute was opened, or is as this says now.
    Disputed(DisputeChange),
    /// An event has arrived.
    Acknowledged { event_id: String },
}

/// An entry's new outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) sequence: u64,
    pub(crate) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decline_code: Option<String>,
    /// Of an authorization that its buyer approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) changed_at: DateTime<Utc>,
    pub(crate) event_id: String,
}

/// A dispute after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DisputeChange {
    pub(crate) dispute: Dispute,
    pub(crate) stage: Stage,
    /// What was handed in, where that is the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    pub(crate) event_id: String,
}

impl Line {
    pub(crate) fn executed(entry: Entry, event_id: Option<String>) -> Self {
        Self::Executed(Box::new(Executed { entry, event_id }))
    }

    pub(crate) fn note(note: Note) -> Self {
        Self::Note(Box::new(note))
    }

    /// Reads one. Its kind is looked for first, so that an error is about what the line was meant to be.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            note: Option<IgnoredAny>,
        }
        let head: Head = serde_json::from_slice(bytes)?;
        if head.note.is_some() {
            serde_json::from_slice(bytes).map(Self::note)
        } else {
            serde_json::from_slice(bytes).map(|executed| Self::Executed(Box::new(executed)))
        }
    }
}

/// What a rule leads to: lines that are to be written, and what is answered as soon as they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step<T> {
    pub(crate) lines: Vec<Line>,
    pub(crate) answer: T,
}

impl<T> Step<T> {
    /// Nothing changes.
    pub(crate) fn none(answer: T) -> Self {
        Self {
            lines: Vec::new(),
            answer,
        }
    }

    /// One line.
    pub(crate) fn one(line: Line, answer: T) -> Self {
        Self {
            lines: vec![line],
            answer,
        }
    }
}

/// A new identifier, for example `chg_...`.
pub(crate) fn fresh_id(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_of_the_first_format_is_an_entry() {
        let line = br#"{"sequence":1,"connector_key":"a","operation":"sale","amount_minor":1000,"currency":"KRW","token":"tok_ok","outcome":"approved","result_charge_id":"chg_1","executed_at":"2026-01-01T00:00:00Z"}"#;
        let Line::Executed(executed) = Line::parse(line).unwrap() else {
            panic!("a note")
        };
        assert_eq!(executed.entry.order.connector_key, "a");
        assert_eq!(executed.event_id, None);
        // And written as it was: an older version reads it.
        assert_eq!(
            serde_json::to_vec(&Line::Executed(executed)).unwrap(),
            line.as_slice()
        );
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let dispute = json!({"dispute_id": "dsp_1", "charge_id": "chg_1", "amount_minor": 5, "currency": "KRW",
            "reason": "fraudulent", "state": "warning", "evidence_due_at": "2026-01-08T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z"});
        for line in [
            json!({"note": "changed", "sequence": 1, "outcome": "declined", "decline_code": "action_expired",
                   "changed_at": "2026-01-01T00:00:00Z", "event_id": "evt_1"}),
            json!({"note": "disputed", "dispute": dispute, "stage": "warning",
                   "evidence": {"connector_key": "e", "text": "we sent it", "files": []}, "event_id": "evt_2"}),
            json!({"note": "acknowledged", "event_id": "evt_1"}),
        ] {
            let read = Line::parse(line.to_string().as_bytes()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), line);
        }
        assert!(Line::parse(br#"{"note":"nonsense"}"#).is_err());
    }
}
