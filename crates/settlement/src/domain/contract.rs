//! Which version of a contract is in force.

use std::collections::HashMap;

use calendar::{CalendarError, Window};
use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use ids::{ContractId, PartnerId};
use money::Currency;

/// Whose sales in which currency: what one contract prices and one balance is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The partner.
    pub partner_id: PartnerId,
    /// The currency of its sales.
    pub currency: Currency,
}

/// One version of a contract, as the partner service told it.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractVersion {
    /// The contract.
    pub contract_id: ContractId,
    /// 1, 2, 3, ...
    pub version: i32,
    /// Whose sales it prices.
    pub account: Account,
    /// The first day of sale that it prices, in the terms' time zone.
    pub valid_from: NaiveDate,
    /// What it says.
    pub terms: ContractTerms,
}

impl ContractVersion {
    /// The first instant at which it is in force.
    pub fn starts_at(&self) -> DateTime<Utc> {
        Window {
            starts_on: self.valid_from,
            ends_on: self.valid_from,
        }
        .start_at(self.terms.time_zone)
    }

    /// The window of `day` by this version's cycle.
    pub fn window_of(&self, day: NaiveDate) -> Result<Window, CalendarError> {
        self.terms.cycle.window_of(day)
    }
}

/// The versions of one account's contracts, in the order of their first days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versions(Vec<ContractVersion>);

impl Versions {
    /// Sorts `versions`, which belong to one account.
    pub fn new(mut versions: Vec<ContractVersion>) -> Self {
        versions.sort_by_key(|v| (v.valid_from, v.version, v.contract_id));
        Self(versions)
    }

    /// Sorts versions of many accounts into those of each.
    pub fn by_account(versions: Vec<ContractVersion>) -> HashMap<Account, Self> {
        let mut sorted: HashMap<Account, Vec<ContractVersion>> = HashMap::new();
        for version in versions {
            sorted.entry(version.account).or_default().push(version);
        }
        sorted
            .into_iter()
            .map(|(account, of)| (account, Self::new(of)))
            .collect()
    }

    /// The version in force at `at`: the one with the greatest first day that has begun, each in its own time
    /// zone; of two with one first day the later version.
    pub fn in_force_at(&self, at: DateTime<Utc>) -> Option<&ContractVersion> {
        self.0
            .iter()
            .rfind(|v| v.valid_from <= v.terms.time_zone.date_of(at))
    }

    /// The version in force on a business day.
    pub fn in_force_on(&self, day: NaiveDate) -> Option<&ContractVersion> {
        self.0.iter().rfind(|v| v.valid_from <= day)
    }

    /// That version of that contract.
    pub fn version(&self, contract_id: ContractId, version: i32) -> Option<&ContractVersion> {
        self.0
            .iter()
            .find(|v| v.contract_id == contract_id && v.version == version)
    }

    /// The first version that begins after `at`.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<&ContractVersion> {
        self.0
            .iter()
            .filter(|v| v.starts_at() > at)
            .min_by_key(|v| v.starts_at())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A daily KRW contract at 10 %, with `changes` laid over it.
    pub(crate) fn terms(changes: &serde_json::Value) -> ContractTerms {
        let mut terms = json!({
            "currency": "KRW", "rate_ppm": 100_000,
            "cycle": {"kind": "daily"}, "payout": {"days": 3},
        });
        for (name, value) in changes.as_object().unwrap() {
            terms[name] = value.clone();
        }
        serde_json::from_value(terms).unwrap()
    }

    pub(crate) fn version(number: i32, valid_from: &str, changes: &serde_json::Value) -> ContractVersion {
        ContractVersion {
            contract_id: ContractId::from_uuid(uuid::Uuid::from_u128(7)),
            version: number,
            account: Account {
                partner_id: PartnerId::from_uuid(uuid::Uuid::from_u128(1)),
                currency: Currency::KRW,
            },
            valid_from: day(valid_from),
            terms: terms(changes),
        }
    }

    #[test]
    fn the_version_in_force_is_the_latest_that_has_begun_in_its_own_time_zone() {
        let versions = Versions::new(vec![
            version(3, "2026-03-01", &json!({"time_zone": "America/Sao_Paulo"})),
            version(1, "2026-01-01", &json!({})),
            version(2, "2026-02-01", &json!({})),
            version(4, "2026-02-01", &json!({})),
        ]);
        for (sold_at, expected) in [
            ("2025-12-31T14:59:59Z", None),
            ("2025-12-31T15:00:00Z", Some(1)),
            ("2026-01-31T14:59:59Z", Some(1)),
            ("2026-01-31T15:00:00Z", Some(4)),
            ("2026-03-01T02:59:59Z", Some(4)),
            ("2026-03-01T03:00:00Z", Some(3)),
        ] {
            let found = versions.in_force_at(at(sold_at)).map(|v| v.version);
            assert_eq!(found, expected, "{sold_at}");
        }
    }

    #[test]
    fn a_version_starts_at_midnight_of_its_time_zone() {
        assert_eq!(
            version(1, "2026-01-01", &json!({})).starts_at(),
            at("2025-12-31T15:00:00Z")
        );
        let brazil = version(1, "2026-01-01", &json!({"time_zone": "America/Sao_Paulo"}));
        assert_eq!(brazil.starts_at(), at("2026-01-01T03:00:00Z"));
    }
}
