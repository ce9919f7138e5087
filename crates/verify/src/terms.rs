//! Contracts, as the settlement service knows them.

use std::collections::HashMap;

use calendar::{CalendarError, Window};
use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use sqlx::FromRow;
use uuid::Uuid;

use crate::VerifyError;
use crate::report::Check;
use crate::snapshot::Snapshot;

/// Whose sales in which currency.
pub(crate) type Account = (Uuid, String);

/// One version of a contract.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) contract_id: Uuid,
    pub(crate) version: i32,
    pub(crate) account: Account,
    pub(crate) valid_from: NaiveDate,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) terms: ContractTerms,
}

impl Version {
    /// The first instant at which it is in force.
    pub(crate) fn starts_at(&self) -> DateTime<Utc> {
        days(self.valid_from, self.valid_from).start_at(self.terms.time_zone)
    }

    /// The window of a day by its cycle.
    pub(crate) fn window_of(&self, day: NaiveDate) -> Result<Window, CalendarError> {
        self.terms.cycle.window_of(day)
    }
}

/// A run of days.
pub(crate) fn days(starts_on: NaiveDate, ends_on: NaiveDate) -> Window {
    Window { starts_on, ends_on }
}

#[derive(Debug, FromRow)]
struct Row {
    contract_id: Uuid,
    version: i32,
    partner_id: Uuid,
    currency: String,
    valid_from: NaiveDate,
    starts_at: DateTime<Utc>,
    terms: String,
    recorded_at: DateTime<Utc>,
}

/// All versions of all contracts. They are kept in memory: contracts are few beside payments.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    /// Of each account, in the order of their first days.
    by_account: HashMap<Account, Vec<Version>>,
}

impl Contracts {
    /// Reads them. What can't be read or begins at another instant than it says is noted in `check`.
    pub(crate) async fn read(settlement: &Snapshot, check: &mut Check) -> Result<Self, VerifyError> {
        let sql = include_str!("sql/settlement/contract_versions.sql");
        let mut rows = settlement.stream::<Row>("contract versions", sql).await?;
        let mut contracts = Self::default();
        while let Some(row) = rows.next().await? {
            check.examined += 1;
            let name = crate::names::known(&format!("con:{}", row.contract_id));
            let terms: ContractTerms = match serde_json::from_str(&row.terms) {
                Ok(terms) => terms,
                Err(error) => {
                    check.found(
                        vec![name],
                        format!("version {} can't be read: {error}", row.version),
                    );
                    continue;
                }
            };
            let version = Version {
                contract_id: row.contract_id,
                version: row.version,
                account: (row.partner_id, row.currency),
                valid_from: row.valid_from,
                recorded_at: row.recorded_at,
                terms,
            };
            if version.starts_at() != row.starts_at {
                let expected = version.starts_at();
                check.found(
                    vec![name.clone()],
                    format!(
                        "version {} starts at {expected}, not at {}",
                        row.version, row.starts_at
                    ),
                );
            }
            if version.terms.currency.as_str() != version.account.1 {
                check.found(
                    vec![name],
                    format!("version {} is in another currency", row.version),
                );
            }
            contracts
                .by_account
                .entry(version.account.clone())
                .or_default()
                .push(version);
        }
        Ok(contracts)
    }

    /// The versions of an account, in the order of their first days.
    pub(crate) fn of(&self, account: &Account) -> &[Version] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// All accounts with a contract.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&Account, &[Version])> {
        self.by_account
            .iter()
            .map(|(account, versions)| (account, versions.as_slice()))
    }

    /// One version of a contract of an account.
    pub(crate) fn version(&self, account: &Account, contract_id: Uuid, version: i32) -> Option<&Version> {
        self.of(account)
            .iter()
            .find(|v| v.contract_id == contract_id && v.version == version)
    }
}

/// The version in force at an instant: the last one whose first day has come, by its own time zone.
pub(crate) fn in_force_at(versions: &[Version], at: DateTime<Utc>) -> Option<&Version> {
    versions
        .iter()
        .rfind(|v| v.valid_from <= v.terms.time_zone.date_of(at))
}

/// The version in force on a business day.
pub(crate) fn in_force_on(versions: &[Version], day: NaiveDate) -> Option<&Version> {
    versions.iter().rfind(|v| v.valid_from <= day)
}
