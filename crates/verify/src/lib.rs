//! Proves that payments, lines, statements and books agree, while the platform works.
//!
//! Databases have no common snapshot. So each is read in one transaction that stands still, listeners before tellers,
//! and what is compared across two of them is compared at the listener's position: what it has handled must have its
//! whole effect there and nothing more, and what is behind the position is in flight, which is no break. Within one
//! database, every event that a service told must agree with the state that it tells of. Both together prove that all
//! states agree with each other.
//!
//! Nothing here trusts the services' own arithmetic: prices, postings, totals and dates are worked out again from the
//! events and the contracts.
//!
//! What never happens here: a write. Every session is read-only, whatever its role may do.
#![allow(
    clippy::as_conversions,
    clippy::needless_pass_by_value,
    clippy::struct_field_names,
    clippy::type_complexity,
    reason = "rows are read into tuples and plain structs and handed over; a function becomes a pointer by a cast"
)]

mod answers;
mod books;
mod changes;
mod compare;
mod copies;
mod databases;
mod disputes;
mod entry;
mod error;
mod inside;
mod lines;
mod log;
mod names;
mod notices;
mod payments;
mod placement;
mod positions;
mod pricing;
mod published;
mod references;
mod refunds;
mod report;
mod settlements;
mod snapshot;
mod terms;
mod totals;
mod webhooks;

use std::collections::BTreeMap;

use calendar::TimeZone;

pub use error::VerifyError;
pub use report::{Break, Check, Report};

use databases::Databases;

/// How it is checked.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many breaks each check lists; all are counted.
    pub listed: usize,
    /// Whose midnight ends a business day of the books: the setting `accounting.time_zone`.
    pub books_time_zone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listed: 20,
            books_time_zone: TimeZone::default(),
        }
    }
}

/// Looks at everything and says what does not agree.
///
/// `sources` are the addresses of the databases by service (`user`, `payment`, `settlement`, `partner`, `accounting`,
/// `notification`, `reporting`), best as a role that can only read. It fails only where something can't be read;
/// what does not agree is in the report.
pub async fn verify(
    sources: &BTreeMap<&'static str, String>,
    options: &Options,
) -> Result<Report, VerifyError> {
    let (databases, as_of) = Databases::look(sources, options.listed).await?;
    let mut checks = log::check(&databases).await?;
    // The rest runs side by side: while we read what one database answers, the others work.
    let (
        references,
        inside,
        answers,
        copies,
        payments,
        changes,
        refunds,
        disputes,
        webhooks,
        settlements,
        books,
        totals,
        notices,
    ) = tokio::try_join!(
        references::check(&databases),
        inside::check(&databases),
        answers::check(&databases),
        copies::check(&databases),
        payments::check(&databases),
        changes::check(&databases),
        refunds::check(&databases),
        disputes::check(&databases),
        webhooks::check(&databases),
        settlements::check(&databases),
        books::check(&databases, options.books_time_zone),
        totals::check(&databases),
        notices::check(&databases),
    )?;
    for more in [
        references,
        inside,
        answers,
        copies,
        payments,
        changes,
        refunds,
        disputes,
        webhooks,
        settlements,
        books,
        totals,
        notices,
    ] {
        checks.extend(more);
    }
    if let Some(check) = books::directly(&databases, &checks).await? {
        checks.push(check);
    }
    Ok(Report { as_of, checks })
}
