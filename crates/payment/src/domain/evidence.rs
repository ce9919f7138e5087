//! What is said against a dispute.

use chrono::{DateTime, Utc};
use ids::{DisputeId, EvidenceId};
use sha2::{Digest as _, Sha256};

use super::words::words;

/// The longest text, in characters.
pub const LONGEST_TEXT: usize = 20_000;
/// How many files there may be.
pub const MOST_FILES: usize = 8;
/// The largest file, in bytes: 2 MiB.
pub const LARGEST_FILE: usize = 2 * 1024 * 1024;
/// The kinds of files that banks read.
pub const CONTENT_TYPES: &[&str] = &["application/pdf", "image/jpeg", "image/png"];

words! {
    /// What became of evidence.
    EvidenceState {
        /// The connector has not confirmed it yet.
        Waiting = "waiting",
        /// It has.
        Accepted = "accepted",
        /// It would not have it.
        Refused = "refused",
    }
}

/// A file of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// 1, 2, 3, ... within the evidence.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// One of [`CONTENT_TYPES`].
    pub content_type: String,
    /// At most [`LARGEST_FILE`] bytes.
    pub content: Vec<u8>,
}

impl File {
    /// The SHA-256 of its content, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.content))
    }
}

/// What was said against a dispute at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its name; also the key under which the connector is given it.
    pub id: EvidenceId,
    /// Against which dispute.
    pub dispute_id: DisputeId,
    /// In words.
    pub text: String,
    /// In files.
    pub files: Vec<File>,
    /// By whom.
    pub submitted_by: String,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// What became of it.
    pub state: EvidenceState,
    /// Why it was refused, or not confirmed yet.
    pub problem: Option<String>,
    /// How often the connector was given it.
    pub attempts: i32,
}
