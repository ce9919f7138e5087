//! A partner.

use chrono::{DateTime, Utc};
use contracts::events::{PartnerChanged, PartnerKind, PartnerStatus};
use ids::PartnerId;

use super::fault::{Fault, text};

const LONGEST_REFERENCE: usize = 64;
const LONGEST_NAME: usize = 200;

/// A partner as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partner {
    /// Its identity.
    pub(crate) id: PartnerId,
    /// The operator's own name for it, unique.
    pub(crate) reference: String,
    /// What people call it.
    pub(crate) name: String,
    /// Company or person.
    pub(crate) kind: PartnerKind,
    /// Whether it sells.
    pub(crate) status: PartnerStatus,
    /// Counts its changes from 1.
    pub(crate) version: i32,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a partner is to be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPartner {
    reference: String,
    name: String,
    kind: PartnerKind,
}

impl NewPartner {
    /// A reference of 1 to 64 characters and a name of 1 to 200.
    pub(crate) fn parse(reference: String, name: String, kind: PartnerKind) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        text("/reference", &reference, LONGEST_REFERENCE, &mut faults);
        text("/name", &name, LONGEST_NAME, &mut faults);
        if faults.is_empty() {
            Ok(Self {
                reference,
                name,
                kind,
            })
        } else {
            Err(faults)
        }
    }

    /// The operator's own name for it.
    pub(crate) fn reference(&self) -> &str {
        &self.reference
    }

    /// The partner that it becomes.
    pub(crate) fn made(&self, now: DateTime<Utc>) -> Partner {
        Partner {
            id: PartnerId::generate(),
            reference: self.reference.clone(),
            name: self.name.clone(),
            kind: self.kind,
            status: PartnerStatus::Active,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What is to change of a partner; what is none stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartnerChange {
    /// The new name.
    pub(crate) name: Option<String>,
    /// The new status.
    pub(crate) status: Option<PartnerStatus>,
}

impl PartnerChange {
    /// At least one of both, and a name of 1 to 200 characters.
    pub(crate) fn parse(name: Option<String>, status: Option<PartnerStatus>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if name.is_none() && status.is_none() {
            faults.push(Fault::new("", "give name, status, or both"));
        }
        if let Some(name) = &name {
            text("/name", name, LONGEST_NAME, &mut faults);
        }
        if faults.is_empty() {
            Ok(Self { name, status })
        } else {
            Err(faults)
        }
    }
}

impl From<&Partner> for PartnerChanged {
    fn from(partner: &Partner) -> Self {
        Self {
            partner_id: partner.id,
            reference: partner.reference.clone(),
            name: partner.name.clone(),
            kind: partner.kind,
            status: partner.status,
            version: partner.version,
        }
    }
}

/// The word that stands for a kind in the database.
pub(crate) fn kind_text(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Company => "company",
        PartnerKind::Individual => "individual",
    }
}

/// The kind that a word stands for.
pub(crate) fn kind_word(word: &str) -> Option<PartnerKind> {
    [PartnerKind::Company, PartnerKind::Individual]
        .into_iter()
        .find(|kind| kind_text(*kind) == word)
}

/// The word that stands for a status in the database.
pub(crate) fn status_text(status: PartnerStatus) -> &'static str {
    match status {
        PartnerStatus::Active => "active",
        PartnerStatus::Closed => "closed",
    }
}

/// The status that a word stands for.
pub(crate) fn status_word(word: &str) -> Option<PartnerStatus> {
    [PartnerStatus::Active, PartnerStatus::Closed]
        .into_iter()
        .find(|status| status_text(*status) == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(reference: &str, name: &str) -> Vec<String> {
        NewPartner::parse(reference.into(), name.into(), PartnerKind::Company)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn references_and_names_have_their_lengths_and_no_white_space_around() {
        let longest = "가".repeat(LONGEST_REFERENCE);
        let longer = "가".repeat(LONGEST_REFERENCE + 1);
        let long_name = "n".repeat(LONGEST_NAME + 1);
        for (reference, name, expected) in [
            ("r", "n", &[][..]),
            ("S-001/강남", "주식회사 가게", &[]),
            (&longest, "n", &[]),
            (&longer, "n", &["/reference"]),
            ("", "", &["/reference", "/name"]),
            (" r", "n ", &["/reference", "/name"]),
            ("r\n1", "n\t1", &["/reference", "/name"]),
            ("r", &long_name, &["/name"]),
        ] {
            assert_eq!(faults(reference, name), expected, "{reference:?} {name:?}");
        }
    }

    #[test]
    fn a_change_of_nothing_is_refused() {
        assert!(PartnerChange::parse(None, None).is_err());
        assert!(PartnerChange::parse(None, Some(PartnerStatus::Closed)).is_ok());
        assert!(PartnerChange::parse(Some(String::new()), Some(PartnerStatus::Closed)).is_err());
    }

    #[test]
    fn words_are_those_of_the_wire_and_read_back() {
        for kind in [PartnerKind::Company, PartnerKind::Individual] {
            assert_eq!(kind_word(kind_text(kind)), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind_text(kind));
        }
        for status in [PartnerStatus::Active, PartnerStatus::Closed] {
            assert_eq!(status_word(status_text(status)), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status_text(status));
        }
        assert_eq!(kind_word("Company"), None);
        assert_eq!(status_word(""), None);
    }
}
