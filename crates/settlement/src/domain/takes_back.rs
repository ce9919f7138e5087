//! What stands beside a priced line, and takes back of it or gives to it again: refunds, disputes.

use chrono::{DateTime, NaiveDate, Utc};

use super::contract::{Account, Versions};
use super::line::LineKey;
use super::reversal::Original;
use super::window::{Placement, window_of};

/// What a refund or a dispute says of one line: it becomes a line of its own once that has a price.
pub trait TakesBack {
    /// With its price, and the window that counts it.
    type Priced<'a>
    where
        Self: 'a;

    /// The line of which it takes back.
    fn key(&self) -> LineKey;

    /// Whose sale, in which currency.
    fn account(&self) -> Account;

    /// Prices it by its original, and places it into the window of its own day, or, where the account's windows are
    /// settled up to and including that one, into the next. The error is for whoever reads the list of lines that wait.
    fn priced<'a>(
        &'a self,
        original: &Original,
        versions: &'a Versions,
        closed_through: Option<NaiveDate>,
    ) -> Result<Self::Priced<'a>, String>;
}

/// Where something of `at` goes that is beside `original`, and its day in the time zone of the version in force then.
/// The version of the placement is the one that priced the original.
pub fn place_beside<'a>(
    original: &Original,
    versions: &'a Versions,
    at: DateTime<Utc>,
    closed_through: Option<NaiveDate>,
) -> Result<(Placement<'a>, NaiveDate), String> {
    let version = versions
        .version(original.contract_id, original.contract_version)
        .ok_or("the contract version that priced its line is not known")?;
    // What happened before the first contract can only be dated wrongly: then the window is as the sale's would be.
    let by = versions.in_force_at(at).unwrap_or(version);
    let day = by.terms.time_zone.date_of(at);
    let (window, calendar_version) =
        window_of(versions, original.account, by, day, closed_through).map_err(|e| e.to_string())?;
    let placement = Placement {
        version,
        sold_on: original.sold_on,
        window,
        calendar_version,
    };
    Ok((placement, day))
}
