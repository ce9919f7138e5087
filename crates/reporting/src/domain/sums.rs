//! Debits and credits, added up.

use std::collections::BTreeMap;

use contracts::events::Side;
use money::Currency;

/// What one account took in. All amounts in minor units of one currency, each 0 or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// On the left side.
    pub(crate) debit: i128,
    /// On the right side.
    pub(crate) credit: i128,
    /// Entries with at least one line here.
    pub(crate) entries: i64,
}

impl Sums {
    /// Adds an amount to one side. None where the sum passes 128 bits.
    pub(crate) fn add(&mut self, side: Side, amount_minor: i64) -> Option<()> {
        let sum = match side {
            Side::Debit => &mut self.debit,
            Side::Credit => &mut self.credit,
        };
        *sum = sum.checked_add(amount_minor.into())?;
        Some(())
    }

    /// Both together. None where a sum passes its bits.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            debit: self.debit.checked_add(other.debit)?,
            credit: self.credit.checked_add(other.credit)?,
            entries: self.entries.checked_add(other.entries)?,
        })
    }
}

/// The sums of each book and currency. Since every entry balances, so do these. None where a sum passes its bits.
pub(crate) fn totals<'a>(
    rows: impl Iterator<Item = (&'a str, Currency, Sums)>,
) -> Option<BTreeMap<(&'a str, Currency), Sums>> {
    let mut totals: BTreeMap<(&str, Currency), Sums> = BTreeMap::new();
    for (book, currency, sums) in rows {
        let total = totals.entry((book, currency)).or_default();
        *total = total.plus(sums)?;
    }
    Some(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_and_currencies_are_added_apart() {
        let sums = |debit, credit| Sums {
            debit,
            credit,
            entries: 1,
        };
        let rows = [
            ("main", Currency::KRW, sums(1, 0)),
            ("main", Currency::USD, sums(2, 2)),
            ("main", Currency::KRW, sums(0, 1)),
            ("tax", Currency::KRW, sums(5, 5)),
        ];
        let found: Vec<_> = totals(rows.into_iter())
            .unwrap()
            .into_iter()
            .map(|((book, currency), sums)| (book, currency.as_str(), sums.debit, sums.credit))
            .collect();
        assert_eq!(
            found,
            [("main", "KRW", 1, 1), ("main", "USD", 2, 2), ("tax", "KRW", 5, 5)]
        );
    }

    #[test]
    fn a_sum_that_does_not_fit_is_none() {
        let mut most = Sums {
            debit: i128::MAX,
            ..Sums::default()
        };
        assert_eq!(most.add(Side::Debit, 1), None);
        assert_eq!(most.add(Side::Credit, 1), Some(()));
        assert_eq!(most.plus(most), None);
    }
}
