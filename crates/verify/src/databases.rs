//! All databases, each as it was at one moment, and the order of those moments.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::VerifyError;
use crate::report::Check;
use crate::snapshot::Snapshot;

/// The services in the order in which their databases are looked at: who listens before who tells. Databases have no
/// common snapshot; but whatever a listener has, its teller had before, so that the later look at the teller shows it.
const ORDER: [&str; 7] = [
    "notification",
    "reporting",
    "accounting",
    "settlement",
    "payment",
    "partner",
    "user",
];

/// The databases that are checked.
#[derive(Debug, Clone)]
pub(crate) struct Databases {
    pub(crate) notification: Snapshot,
    pub(crate) reporting: Snapshot,
    pub(crate) accounting: Snapshot,
    pub(crate) settlement: Snapshot,
    pub(crate) payment: Snapshot,
    pub(crate) partner: Snapshot,
    pub(crate) user: Snapshot,
    listed: usize,
}

impl Databases {
    /// Connects to all of them first, so that the looks follow each other closely, and then takes one after the other.
    pub(crate) async fn look(
        sources: &BTreeMap<&'static str, String>,
        listed: usize,
    ) -> Result<(Self, DateTime<Utc>), VerifyError> {
        let mut connected = Vec::with_capacity(ORDER.len());
        for service in ORDER {
            let url = sources.get(service).ok_or(VerifyError::NoSource(service))?;
            connected.push(Snapshot::connect(service, url).await?);
        }
        let mut as_of = None;
        for snapshot in &connected {
            let taken = snapshot.take().await?;
            as_of.get_or_insert(taken);
        }
        let [
            notification,
            reporting,
            accounting,
            settlement,
            payment,
            partner,
            user,
        ] = connected.try_into().map_err(|_| VerifyError::NoSource("any"))?;
        let databases = Self {
            notification,
            reporting,
            accounting,
            settlement,
            payment,
            partner,
            user,
            listed,
        };
        Ok((databases, as_of.unwrap_or_default()))
    }

    /// All of them, in the order in which they were looked at.
    pub(crate) fn all(&self) -> [&Snapshot; 7] {
        [
            &self.notification,
            &self.reporting,
            &self.accounting,
            &self.settlement,
            &self.payment,
            &self.partner,
            &self.user,
        ]
    }

    /// The database of that service.
    pub(crate) fn of(&self, service: &'static str) -> Result<&Snapshot, VerifyError> {
        self.all()
            .into_iter()
            .find(|snapshot| snapshot.service() == service)
            .ok_or(VerifyError::NoSource(service))
    }

    /// A check that has found nothing yet.
    pub(crate) fn check(&self, name: impl Into<String>, what: impl Into<String>) -> Check {
        Check::new(name, what, self.listed)
    }
}
