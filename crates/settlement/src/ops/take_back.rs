//! Prices what refunds and disputes take back of lines: when they come in, or when they waited, in the same way.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::contract::{Account, Versions};
use crate::domain::line::LineKey;
use crate::domain::reversal::Original;
use crate::domain::takes_back::TakesBack;

/// What became of them.
pub(super) struct Appraised<'a, T: TakesBack> {
    /// To be written.
    pub(super) done: Vec<T::Priced<'a>>,
    /// Those whose original has a price, and that can't be placed or do not fit it, each with the reason.
    pub(super) problems: Vec<(&'a T, String)>,
    /// Those whose original has no price yet.
    pub(super) early: Vec<&'a T>,
}

/// Prices and places what can be.
pub(super) fn appraise<'a, T: TakesBack>(
    told: &'a [T],
    originals: &HashMap<LineKey, Original>,
    versions: &'a HashMap<Account, Versions>,
    closed: &HashMap<Account, Option<NaiveDate>>,
) -> Appraised<'a, T> {
    let mut appraised = Appraised {
        done: Vec::new(),
        problems: Vec::new(),
        early: Vec::new(),
    };
    for one in told {
        let Some(original) = originals.get(&one.key()) else {
            appraised.early.push(one);
            continue;
        };
        let account = one.account();
        let closed_through = closed.get(&account).copied().flatten();
        let priced = versions
            .get(&account)
            .ok_or_else(|| "its partner has no contract in its currency".to_owned())
            .and_then(|of| one.priced(original, of, closed_through));
        match priced {
            Ok(priced) => appraised.done.push(priced),
            Err(problem) => appraised.problems.push((one, problem)),
        }
    }
    appraised
}
