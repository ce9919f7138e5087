//! Journal entries: a draft becomes a balanced entry, and only a balanced one is posted.

use std::collections::BTreeMap;

use contracts::events::Side;
use ids::PartnerId;
use money::Currency;

use crate::Error;

use super::Account;

/// One line of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where.
    pub(crate) account: Account,
    /// Which partner it is about, if any.
    pub(crate) partner_id: Option<PartnerId>,
    /// Left or right.
    pub(crate) side: Side,
    /// Minor units, more than 0.
    pub(crate) amount_minor: i64,
    /// The amount's currency.
    pub(crate) currency: Currency,
}

/// An entry that is being put together. Amounts of one account, partner and currency become one line; a negative
/// debit is a credit, so that a reversal is written like its original.
///
/// Sums are 128-bit: a price (64 bits) times a quantity (32 bits), as often as a payment has lines, fits.
#[derive(Debug, Default)]
pub(crate) struct DraftEntry {
    /// Debit less credit.
    totals: BTreeMap<(Currency, Account, Option<PartnerId>), i128>,
}

impl DraftEntry {
    /// Adds `amount_minor` to the left of an account.
    pub(crate) fn debit(
        &mut self,
        account: Account,
        partner_id: Option<PartnerId>,
        amount_minor: i128,
        currency: Currency,
    ) {
        *self.totals.entry((currency, account, partner_id)).or_default() += amount_minor;
    }

    /// Adds `amount_minor` to the right of an account.
    pub(crate) fn credit(
        &mut self,
        account: Account,
        partner_id: Option<PartnerId>,
        amount_minor: i128,
        currency: Currency,
    ) {
        self.debit(account, partner_id, -amount_minor, currency);
    }

    /// Debit less credit of one currency.
    pub(crate) fn excess(&self, currency: Currency) -> i128 {
        self.totals
            .iter()
            .filter(|((of, ..), _)| *of == currency)
            .map(|(_, total)| total)
            .sum()
    }

    /// The entry, debits first and each side in the chart's order; none where nothing is left of any line.
    /// [`Error::Unbalanced`], [`Error::AmountTooLarge`] or [`Error::TooManyLines`] otherwise.
    pub(crate) fn balance(self) -> Result<Option<BalancedEntry>, Error> {
        let mut sides: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
        let mut lines = Vec::with_capacity(self.totals.len());
        for ((currency, account, partner_id), total) in self.totals {
            let (side, amount) = match total {
                0 => continue,
                1.. => (Side::Debit, total),
                _ => (Side::Credit, -total),
            };
            let (debit, credit) = sides.entry(currency).or_default();
            *(if side == Side::Debit { debit } else { credit }) += amount;
            let amount_minor = i64::try_from(amount).map_err(|_| Error::AmountTooLarge {
                account: account.code(),
                amount_minor: amount,
                currency,
            })?;
            lines.push(Line {
                account,
                partner_id,
                side,
                amount_minor,
                currency,
            });
        }
        for (currency, (debit_minor, credit_minor)) in sides {
            if debit_minor != credit_minor {
                return Err(Error::Unbalanced {
                    currency,
                    debit_minor,
                    credit_minor,
                });
            }
        }
        if i16::try_from(lines.len()).is_err() {
            return Err(Error::TooManyLines(lines.len()));
        }
        // Stable: within a side, currency, account and partner keep their order.
        lines.sort_by_key(|line| line.side == Side::Credit);
        Ok((!lines.is_empty()).then_some(BalancedEntry { lines }))
    }
}

/// An entry whose debits equal its credits in every currency: two lines or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BalancedEntry {
    lines: Vec<Line>,
}

impl BalancedEntry {
    /// Its lines, debits first.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Account::{Cash, FeeIncome, VatPayable};

    const KRW: Currency = Currency::KRW;
    const USD: Currency = Currency::USD;

    fn draft(debits: &[(Account, i128, Currency)]) -> DraftEntry {
        let mut draft = DraftEntry::default();
        for (account, amount, currency) in debits {
            draft.debit(*account, None, *amount, *currency);
        }
        draft
    }

    #[test]
    fn sides_that_differ_in_one_currency_are_refused() {
        for (debits, currency) in [
            (&[(Cash, 5, KRW)][..], KRW),
            (&[(Cash, 5, KRW), (FeeIncome, -4, KRW)], KRW),
            (&[(Cash, 5, KRW), (FeeIncome, -5, USD)], KRW),
            (
                &[(Cash, 5, KRW), (FeeIncome, -5, KRW), (VatPayable, -1, USD)],
                USD,
            ),
        ] {
            match draft(debits).balance() {
                Err(Error::Unbalanced { currency: odd, .. }) => assert_eq!(odd, currency),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn nothing_makes_no_entry() {
        assert_eq!(draft(&[]).balance().unwrap(), None);
        assert_eq!(draft(&[(Cash, 5, KRW), (Cash, -5, KRW)]).balance().unwrap(), None);
    }

    #[test]
    fn debits_come_first_and_a_negative_debit_is_a_credit() {
        let entry = draft(&[(Cash, -7, KRW), (FeeIncome, 4, KRW), (VatPayable, 3, KRW)])
            .balance()
            .unwrap()
            .unwrap();
        let lines: Vec<_> = entry
            .lines()
            .iter()
            .map(|l| (l.account, l.side, l.amount_minor))
            .collect();
        assert_eq!(
            lines,
            [
                (VatPayable, Side::Debit, 3),
                (FeeIncome, Side::Debit, 4),
                (Cash, Side::Credit, 7)
            ]
        );
    }

    #[test]
    fn a_line_beyond_64_bits_is_refused() {
        let most = i128::from(i64::MAX);
        assert!(
            draft(&[(Cash, most, KRW), (FeeIncome, -most, KRW)])
                .balance()
                .is_ok()
        );
        assert!(matches!(
            draft(&[(Cash, most + 1, KRW), (FeeIncome, -most - 1, KRW)]).balance(),
            Err(Error::AmountTooLarge { account: "cash", .. })
        ));
    }
}
