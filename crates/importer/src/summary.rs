//! What an import came to, for people and for programs.

use std::fmt;

use money::{Currency, Money};
use serde::Serialize;

use crate::{Checked, Faults, Totals};

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that the files hold is on the platform, but for what was to be left out.
    Complete,
    /// Something was refused; the rest is in.
    Refused,
    /// It was stopped, or could not go on; what was sent is in.
    Interrupted,
    /// Rows cannot be used, so nothing was sent.
    NothingSent,
}

/// What became of partners and orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Made by this run.
    pub partners_new: u64,
    /// There already.
    pub partners_existing: u64,
    /// Refused by the platform.
    pub partners_refused: u64,
    /// Partners that have a contract with other terms already, which stays.
    pub contracts_refused: u64,
    /// Recorded by this run.
    pub orders_new: u64,
    /// There already.
    pub orders_existing: u64,
    /// Refused by the platform.
    pub orders_refused: u64,
    /// Not sent, or sent without an answer, because the import was interrupted.
    pub orders_unsent: u64,
}

impl Counts {
    /// All that was refused.
    pub fn refused(&self) -> u64 {
        self.partners_refused + self.contracts_refused + self.orders_refused
    }
}

/// Something that the platform refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// `partner`, `contract` or `order`.
    pub what: &'static str,
    /// Which one.
    pub reference: String,
    /// The platform's code and words.
    pub reason: String,
}

/// What an import came to. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How it ended.
    pub outcome: Outcome,
    /// Of every amount.
    pub currency: Currency,
    /// What became of partners and orders.
    pub counts: Counts,
    /// What is on the platform now: of the orders that are new or were there already.
    pub recorded: Totals,
    /// What the files hold, orders that were left out not counted.
    pub files: Totals,
    /// The first 20 refusals.
    pub refusals: Vec<Refusal>,
    /// The rows that cannot be used.
    pub bad_rows: Faults,
    /// Orders left out because of such a row.
    pub orders_left_out: u64,
    /// Orders whose lines were sold at different times; the earliest counts.
    pub orders_sold_at_several_times: u64,
}

impl Summary {
    const REFUSALS: usize = 20;

    /// The summary of an import that has sent nothing yet.
    pub(crate) fn new(checked: &Checked, currency: Currency) -> Self {
        Self {
            outcome: Outcome::NothingSent,
            currency,
            counts: Counts::default(),
            recorded: Totals::default(),
            files: Totals::of(&checked.orders),
            refusals: Vec::new(),
            bad_rows: checked.faults.clone(),
            orders_left_out: checked.left_out,
            orders_sold_at_several_times: checked.several_times,
        }
    }

    /// Keeps one more refusal, of the first ones.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        if self.refusals.len() < Self::REFUSALS {
            self.refusals.push(refusal);
        }
    }

    fn money(&self, minor: i128) -> String {
        match i64::try_from(minor) {
            Ok(minor) => Money::new(minor, self.currency).to_string(),
            Err(_) => format!("{} {minor} minor units", self.currency),
        }
    }

    fn sums(&self, f: &mut fmt::Formatter<'_>, totals: &Totals) -> fmt::Result {
        let money = |minor| self.money(minor);
        writeln!(f, "lines      {}, {}", totals.lines, money(totals.lines_minor))?;
        writeln!(
            f,
            "payments   {}, {}",
            totals.payments,
            money(totals.payments_minor)
        )?;
        writeln!(
            f,
            "breaks     {}: {} over by {}, {} short by {}, net {}",
            totals.breaks_over + totals.breaks_short,
            totals.breaks_over,
            money(totals.over_minor),
            totals.breaks_short,
            money(totals.short_minor),
            money(totals.net_minor)
        )
    }
}

/// A few lines of text.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.counts;
        if self.outcome != Outcome::NothingSent {
            writeln!(
                f,
                "partners   {} new, {} there already, {} refused",
                c.partners_new, c.partners_existing, c.partners_refused
            )?;
            if c.contracts_refused > 0 {
                writeln!(
                    f,
                    "contracts  {} with other terms stay as they are",
                    c.contracts_refused
                )?;
            }
            write!(
                f,
                "orders     {} new, {} there already, {} refused",
                c.orders_new, c.orders_existing, c.orders_refused
            )?;
            if c.orders_unsent > 0 {
                write!(f, ", {} still to be sent", c.orders_unsent)?;
            }
            writeln!(f)?;
            self.sums(f, &self.recorded)?;
        }
        if self.recorded != self.files {
            writeln!(f, "in the files: {} orders", self.files.orders)?;
            self.sums(f, &self.files)?;
        }
        if self.orders_sold_at_several_times > 0 {
            writeln!(
                f,
                "note       {} orders have lines sold at different times: the earliest counts",
                self.orders_sold_at_several_times
            )?;
        }
        if !self.bad_rows.is_empty() {
            writeln!(
                f,
                "bad rows   {}, and {} orders left out for them",
                self.bad_rows.count, self.orders_left_out
            )?;
            write!(f, "{}", self.bad_rows)?;
        }
        if !self.refusals.is_empty() {
            writeln!(f, "refused    {}", c.refused())?;
            for refusal in &self.refusals {
                writeln!(f, "  {} {}: {}", refusal.what, refusal.reference, refusal.reason)?;
            }
        }
        Ok(())
    }
}
