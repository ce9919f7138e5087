//! Prices what refunds take back of lines: when they come in, or when they waited, in the same way.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::contract::{Account, Versions};
use crate::domain::line::LineKey;
use crate::domain::reversal::{Original, Reversal, Reversed};

/// What became of reversals.
#[derive(Default)]
pub(super) struct Appraised<'a> {
    /// To be written.
    pub(super) done: Vec<Reversed<'a>>,
    /// Those whose original has a price, and that can't be placed or do not fit it, each with the reason.
    pub(super) problems: Vec<(&'a Reversal, String)>,
    /// Those whose original has no price yet.
    pub(super) early: Vec<&'a Reversal>,
}

/// Prices and places what can be.
pub(super) fn appraise<'a>(
    reversals: &'a [Reversal],
    originals: &'a HashMap<LineKey, Original>,
    versions: &'a HashMap<Account, Versions>,
    closed: &HashMap<Account, Option<NaiveDate>>,
) -> Appraised<'a> {
    let mut appraised = Appraised::default();
    for reversal in reversals {
        let Some(original) = originals.get(&(reversal.payment_id, reversal.line_number)) else {
            appraised.early.push(reversal);
            continue;
        };
        let closed_through = closed.get(&reversal.account).copied().flatten();
        let reversed = versions
            .get(&reversal.account)
            .ok_or_else(|| "its partner has no contract in its currency".to_owned())
            .and_then(|of| reversal.reverse(original, of, closed_through));
        match reversed {
            Ok(reversed) => appraised.done.push(reversed),
            Err(problem) => appraised.problems.push((reversal, problem)),
        }
    }
    appraised
}
