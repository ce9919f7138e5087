//! A contract and its versions.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use contracts::events::ContractChanged;
use ids::{ContractId, PartnerId};
use money::Currency;

use super::fault::{Fault, text};
use super::terms::{CheckedTerms, check};

const LONGEST_REASON: usize = 500;

/// A contract with its versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contract {
    /// Its identity.
    pub(crate) id: ContractId,
    /// Whose it is.
    pub(crate) partner_id: PartnerId,
    /// The one currency of the sales that it prices.
    pub(crate) currency: Currency,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// Its versions, the first one first.
    pub(crate) versions: Vec<Version>,
}

impl Contract {
    /// A contract of one version.
    pub(crate) fn made(partner_id: PartnerId, first: &NewVersion, now: DateTime<Utc>, by: &str) -> Self {
        Self {
            id: ContractId::generate(),
            partner_id,
            currency: first.terms.get().currency,
            created_at: now,
            versions: vec![first.numbered(1, now, by)],
        }
    }

    /// Whether one of its versions says just this.
    pub(crate) fn says(&self, wanted: &NewVersion) -> bool {
        self.versions
            .iter()
            .any(|v| v.valid_from == wanted.valid_from && v.terms == *wanted.terms.get())
    }

    /// `version` of this contract, as the others are told of it.
    pub(crate) fn changed(&self, version: &Version) -> ContractChanged {
        ContractChanged {
            contract_id: self.id,
            partner_id: self.partner_id,
            version: version.number,
            valid_from: version.valid_from,
            terms: version.terms.clone(),
        }
    }
}

/// A version of a contract. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    /// 1, 2, 3, ...
    pub(crate) number: i32,
    /// The first day of sale that it prices, in the terms' time zone.
    pub(crate) valid_from: NaiveDate,
    /// What it says.
    pub(crate) terms: ContractTerms,
    /// Why it reaches into the past, where it does.
    pub(crate) reason: Option<String>,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// The caller who made it.
    pub(crate) created_by: String,
}

/// What a version is to be made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewVersion {
    /// The first day of sale that it prices.
    pub(crate) valid_from: NaiveDate,
    /// What it says.
    pub(crate) terms: CheckedTerms,
    /// Why it reaches into the past.
    pub(crate) reason: Option<String>,
}

impl NewVersion {
    /// Valid terms, and a reason of 1 to 500 characters if there is one.
    pub(crate) fn parse(
        valid_from: NaiveDate,
        terms: ContractTerms,
        reason: Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if let Some(reason) = &reason {
            text("/reason", reason, LONGEST_REASON, &mut faults);
        }
        match check(valid_from, terms) {
            Ok(terms) if faults.is_empty() => Ok(Self {
                valid_from,
                terms,
                reason,
            }),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// The version of that number.
    pub(crate) fn numbered(&self, number: i32, now: DateTime<Utc>, by: &str) -> Version {
        Version {
            number,
            valid_from: self.valid_from,
            terms: self.terms.get().clone(),
            reason: self.reason.clone(),
            created_at: now,
            created_by: by.to_owned(),
        }
    }
}

/// Whether `next` may follow `previous` at `now`, and under which number.
///
/// A first version may begin anywhere in the past, since nothing was priced before it. A later one that begins
/// today or before reaches sales that its predecessor may have priced: that needs a reason.
pub(crate) fn follow(previous: &Version, next: &NewVersion, now: DateTime<Utc>) -> Result<i32, Vec<Fault>> {
    let mut faults = Vec::new();
    let terms = next.terms.get();
    if terms.currency != previous.terms.currency {
        faults.push(Fault::new(
            "/terms/currency",
            format!(
                "this contract prices sales in {}: make another contract for {}",
                previous.terms.currency, terms.currency
            ),
        ));
    }
    if next.valid_from <= previous.valid_from {
        faults.push(Fault::new(
            "/valid_from",
            format!(
                "version {} begins on {}: give a later day",
                previous.number, previous.valid_from
            ),
        ));
    }
    let today = terms.time_zone.date_of(now);
    if next.valid_from <= today && next.reason.is_none() {
        faults.push(Fault::new(
            "/reason",
            format!(
                "{} is not after today, {today} in {}: say why it reaches into the past, or begin later",
                next.valid_from,
                terms.time_zone.name()
            ),
        ));
    }
    let number = previous.number.checked_add(1).unwrap_or_else(|| {
        faults.push(Fault::new(
            "",
            "this contract has too many versions: make another one",
        ));
        previous.number
    });
    if faults.is_empty() {
        Ok(number)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::terms::tests::{day, terms};
    use serde_json::{Value, json};

    fn new(valid_from: &str, changes: &Value, reason: Option<&str>) -> NewVersion {
        NewVersion::parse(day(valid_from), terms(changes), reason.map(str::to_owned)).unwrap()
    }

    #[test]
    fn a_version_follows_later_in_the_same_currency_and_says_why_it_reaches_back() {
        // 2026-12-01 in Seoul, still 2026-11-30 in Sao Paulo.
        let now = "2026-11-30T20:00:00Z".parse().unwrap();
        let previous = new("2026-10-01", &json!({}), None).numbered(4, now, "usr_1");
        let brazil = json!({"time_zone": "America/Sao_Paulo"});
        let dollars = json!({"currency": "USD"});
        for (valid_from, changes, reason, expected) in [
            ("2026-12-02", json!({}), None, &[][..]),
            ("2026-12-01", json!({}), None, &["/reason"]),
            ("2026-12-01", json!({}), Some("agreed late"), &[]),
            ("2026-12-01", brazil.clone(), None, &[]),
            ("2026-11-30", brazil, None, &["/reason"]),
            ("2026-10-02", json!({}), Some("agreed late"), &[]),
            ("2026-10-01", json!({}), Some("agreed late"), &["/valid_from"]),
            ("2026-09-30", json!({}), None, &["/valid_from", "/reason"]),
            ("2026-12-02", dollars, None, &["/terms/currency"]),
        ] {
            let outcome = follow(&previous, &new(valid_from, &changes, reason), now);
            let pointers: Vec<String> = match outcome {
                Ok(number) => {
                    assert_eq!(number, 5);
                    vec![]
                }
                Err(faults) => faults.into_iter().map(|f| f.pointer).collect(),
            };
            assert_eq!(pointers, expected, "{valid_from} {changes} {reason:?}");
        }
    }

    #[test]
    fn a_contract_says_what_any_of_its_versions_says() {
        let now = "2026-11-30T20:00:00Z".parse().unwrap();
        let first = new("2016-01-01", &json!({}), None);
        let second = new("2026-12-02", &json!({"rate_ppm": 100_000}), None);
        let mut contract = Contract::made(PartnerId::generate(), &first, now, "usr_1");
        assert!(contract.says(&first));
        assert!(!contract.says(&second));
        contract.versions.push(second.numbered(2, now, "usr_1"));
        assert!(contract.says(&second));
        assert!(!contract.says(&new("2016-01-02", &json!({}), None)));
    }

    #[test]
    fn a_reason_is_a_text() {
        for (reason, good) in [(Some(""), false), (Some("late"), true), (None, true)] {
            let made = NewVersion::parse(day("2026-12-02"), terms(&json!({})), reason.map(str::to_owned));
            assert_eq!(made.is_ok(), good, "{reason:?}");
        }
    }
}
