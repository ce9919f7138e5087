//! From the flags to the summary.

use std::io::Write;

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use tokio_util::sync::CancellationToken;

use crate::send::{self, Contract, Pace};
use crate::{Checked, ImportArgs, ImportError, Outcome, Summary, check};

/// Where orders go.
#[derive(Debug, Clone)]
pub struct Target {
    /// The API's address, for example `http://127.0.0.1:8080`.
    pub base_url: String,
    /// A key of an operator.
    pub api_key: String,
    /// How patiently it is spoken to.
    pub pace: Pace,
}

/// Runs an import until its end or Ctrl-C, and prints its summary to standard output, as JSON if `json`. Sales after
/// `now` are refused as being in the future. The error, if any, is returned after the summary was printed, and is
/// one too where something was refused.
pub async fn run(
    args: ImportArgs,
    base_url: &str,
    api_key: &str,
    json: bool,
    now: DateTime<Utc>,
) -> Result<Summary, ImportError> {
    let target = Target {
        base_url: base_url.to_owned(),
        api_key: api_key.to_owned(),
        pace: Pace::default(),
    };
    let plan = Plan::read(args, now)?;
    // Only from here on is Ctrl-C ours: until now nothing was sent, and dying at once is right.
    let stop = CancellationToken::new();
    let interrupted = tokio::spawn(stop_on_interrupt(stop.clone()));
    let (summary, failure) = plan.send(&target, &stop).await;
    interrupted.abort();
    print(&summary, json).map_err(ImportError::Print)?;
    failure.map_or(Ok(summary), Err)
}

/// Runs an import until its end or until `stop`, with `now` as the present time; prints nothing. The error beside
/// the summary says why it is not complete. An error instead of a summary means that nothing could be read.
pub async fn run_until(
    args: ImportArgs,
    target: &Target,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<(Summary, Option<ImportError>), ImportError> {
    Ok(Plan::read(args, now)?.send(target, stop).await)
}

async fn stop_on_interrupt(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
    }
}

fn print(summary: &Summary, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        let text = serde_json::to_string_pretty(summary).map_err(std::io::Error::other)?;
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{summary}")?;
    }
    out.flush()
}

/// What is to be sent.
struct Plan {
    args: ImportArgs,
    checked: Checked,
    terms: Option<ContractTerms>,
}

impl Plan {
    fn read(args: ImportArgs, now: DateTime<Utc>) -> Result<Self, ImportError> {
        let terms = args.terms()?;
        let checked = check(&args.sources(), now)?;
        Ok(Self { args, checked, terms })
    }

    async fn send(&self, target: &Target, stop: &CancellationToken) -> (Summary, Option<ImportError>) {
        let mut summary = Summary::new(&self.checked, self.args.currency);
        if self.checked.header_broken {
            return (summary, Some(ImportError::BrokenHeader));
        }
        let count = self.checked.faults.count;
        if count > 0 && !self.args.skip_bad_rows {
            return (summary, Some(ImportError::BrokenRows { count }));
        }
        let cargo = send::Cargo {
            checked: &self.checked,
            currency: self.args.currency,
            contract: self.contract(),
            batch_size: usize::from(self.args.batch_size),
            progress: !self.args.no_progress,
        };
        let sent = send::everything(&cargo, target, stop, &mut summary).await;
        let counts = &mut summary.counts;
        counts.orders_unsent = summary
            .files
            .orders
            .saturating_sub(counts.orders_new + counts.orders_existing + counts.orders_refused);
        let refused = counts.refused();
        let (outcome, failure) = match sent {
            Err(failure) => (Outcome::Interrupted, Some(failure)),
            Ok(()) if refused > 0 => (Outcome::Refused, Some(ImportError::Refused { count: refused })),
            Ok(()) => (Outcome::Complete, None),
        };
        summary.outcome = outcome;
        (summary, failure)
    }

    /// The contract of every partner; in force from the day of the first order unless told otherwise.
    fn contract(&self) -> Option<Contract<'_>> {
        let terms = self.terms.as_ref()?;
        let first_sale = || -> Option<NaiveDate> {
            let first = self.checked.orders.iter().map(|order| order.sold_at).min()?;
            Some(terms.time_zone.date_of(first))
        };
        Some(Contract {
            valid_from: self.args.valid_from.or_else(first_sale)?,
            terms,
        })
    }
}
