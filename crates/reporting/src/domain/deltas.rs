//! What a batch of entries adds to the sums.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use contracts::events::{AccountingEntry, EntryLine};
use ids::{JournalEntryId, PartnerId};
use money::Currency;

use super::Sums;

/// Which row of `daily_totals`. The order is that in which rows are locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DailyKey {
    /// The business day.
    pub(crate) posted_on: NaiveDate,
    /// The set of books.
    pub(crate) book: String,
    /// The topic of the fact that was booked.
    pub(crate) kind: String,
    /// The account's code.
    pub(crate) account: String,
    /// The currency.
    pub(crate) currency: Currency,
}

/// Which row of `partner_totals`. The order is that in which rows are locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartnerKey {
    /// The partner.
    pub(crate) partner_id: PartnerId,
    /// The first day of the month.
    pub(crate) month: NaiveDate,
    /// The set of books.
    pub(crate) book: String,
    /// The account's code.
    pub(crate) account: String,
    /// The currency.
    pub(crate) currency: Currency,
}

/// An entry that the sums must not take in: they would not balance any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnEntry {
    /// An amount is not above 0.
    #[error("entry {0} has a line over {1} minor units: an amount is 1 or more")]
    Amount(JournalEntryId, i64),
    /// Debits and credits differ.
    #[error("entry {0} does not balance in {1}: debit {2}, credit {3} minor units")]
    Unbalanced(JournalEntryId, Currency, i128, i128),
    /// The sums would pass 128 bits.
    #[error("with entry {0} a sum does not fit 128 bits")]
    TooLarge(JournalEntryId),
}

/// What a batch of entries adds, one delta a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deltas {
    /// By day.
    pub(crate) daily: BTreeMap<DailyKey, Sums>,
    /// By partner and month.
    pub(crate) partners: BTreeMap<PartnerKey, Sums>,
}

impl Deltas {
    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: &AccountingEntry) -> Result<(), NotAnEntry> {
        balanced(entry)?;
        let mut touched_daily = BTreeSet::new();
        let mut touched_partners = BTreeSet::new();
        for line in &entry.lines {
            let key = daily_key(entry, line);
            book(self.daily.entry(key.clone()).or_default(), entry, line)?;
            touched_daily.insert(key);
            if let Some(partner_id) = line.partner_id {
                let key = partner_key(entry, line, partner_id);
                book(self.partners.entry(key.clone()).or_default(), entry, line)?;
                touched_partners.insert(key);
            }
        }
        for key in touched_daily {
            self.daily.entry(key).or_default().entries += 1;
        }
        for key in touched_partners {
            self.partners.entry(key).or_default().entries += 1;
        }
        Ok(())
    }
}

fn book(sums: &mut Sums, entry: &AccountingEntry, line: &EntryLine) -> Result<(), NotAnEntry> {
    sums.add(line.side, line.amount_minor)
        .ok_or(NotAnEntry::TooLarge(entry.entry_id))
}

fn daily_key(entry: &AccountingEntry, line: &EntryLine) -> DailyKey {
    DailyKey {
        posted_on: entry.posted_on,
        book: entry.book.clone(),
        kind: entry.kind.clone(),
        account: line.account.clone(),
        currency: line.currency,
    }
}

fn partner_key(entry: &AccountingEntry, line: &EntryLine, partner_id: PartnerId) -> PartnerKey {
    PartnerKey {
        partner_id,
        // Every month has a first day.
        month: entry.posted_on.with_day(1).unwrap_or(entry.posted_on),
        book: entry.book.clone(),
        account: line.account.clone(),
        currency: line.currency,
    }
}

fn balanced(entry: &AccountingEntry) -> Result<(), NotAnEntry> {
    let mut sums: BTreeMap<Currency, Sums> = BTreeMap::new();
    for line in &entry.lines {
        if line.amount_minor <= 0 {
            return Err(NotAnEntry::Amount(entry.entry_id, line.amount_minor));
        }
        book(sums.entry(line.currency).or_default(), entry, line)?;
    }
    match sums.into_iter().find(|(_, sums)| sums.debit != sums.credit) {
        Some((currency, Sums { debit, credit, .. })) => {
            Err(NotAnEntry::Unbalanced(entry.entry_id, currency, debit, credit))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use contracts::events::Side;
    use proptest::prelude::*;

    pub(crate) fn line(account: &str, partner: Option<PartnerId>, side: Side, amount: i64) -> EntryLine {
        EntryLine {
            account: account.into(),
            partner_id: partner,
            side,
            amount_minor: amount,
            currency: Currency::KRW,
        }
    }

    pub(crate) fn entry(posted_on: &str, kind: &str, lines: Vec<EntryLine>) -> AccountingEntry {
        AccountingEntry {
            entry_id: JournalEntryId::generate(),
            book: "main".into(),
            kind: kind.into(),
            source: "pay_1".into(),
            posted_on: posted_on.parse().unwrap(),
            recorded_at: "2026-12-01T00:00:00Z".parse().unwrap(),
            lines,
        }
    }

    #[test]
    fn lines_of_one_account_are_one_row_and_their_entry_counts_once() {
        let partner = PartnerId::generate();
        let mut deltas = Deltas::default();
        for day in ["2026-12-31", "2026-12-31", "2027-01-01"] {
            deltas
                .add(&entry(
                    day,
                    "payment-completed",
                    vec![
                        line("receivable", None, Side::Debit, 30),
                        line("payable", Some(partner), Side::Credit, 10),
                        line("payable", Some(partner), Side::Credit, 20),
                    ],
                ))
                .unwrap();
        }
        let daily: Vec<_> = deltas
            .daily
            .iter()
            .map(|(k, s)| {
                (
                    k.posted_on.to_string(),
                    k.account.as_str(),
                    s.debit,
                    s.credit,
                    s.entries,
                )
            })
            .collect();
        assert_eq!(
            daily,
            [
                ("2026-12-31".into(), "payable", 0, 60, 2),
                ("2026-12-31".into(), "receivable", 60, 0, 2),
                ("2027-01-01".into(), "payable", 0, 30, 1),
                ("2027-01-01".into(), "receivable", 30, 0, 1),
            ]
        );
        let months: Vec<_> = deltas
            .partners
            .iter()
            .map(|(k, s)| (k.month.to_string(), k.partner_id, s.credit, s.entries))
            .collect();
        assert_eq!(
            months,
            [
                ("2026-12-01".into(), partner, 60, 2),
                ("2027-01-01".into(), partner, 30, 1)
            ]
        );
    }

    #[test]
    fn what_does_not_balance_is_refused() {
        let dollars = EntryLine {
            currency: Currency::USD,
            ..line("a", None, Side::Credit, 10)
        };
        for (lines, expected) in [
            (vec![], None),
            (
                vec![
                    line("a", None, Side::Debit, 10),
                    line("b", None, Side::Credit, 10),
                ],
                None,
            ),
            (
                vec![line("a", None, Side::Debit, 10), line("b", None, Side::Credit, 9)],
                Some("does not balance in KRW"),
            ),
            (
                vec![line("a", None, Side::Debit, 10), dollars],
                Some("does not balance in KRW"),
            ),
            (
                vec![line("a", None, Side::Debit, 0), line("b", None, Side::Credit, 0)],
                Some("over 0 minor"),
            ),
            (
                vec![
                    line("a", None, Side::Debit, -1),
                    line("b", None, Side::Credit, -1),
                ],
                Some("over -1 minor"),
            ),
        ] {
            let refusal = Deltas::default()
                .add(&entry("2026-12-01", "k", lines))
                .err()
                .map(|e| e.to_string());
            match (&refusal, expected) {
                (None, None) => {}
                (Some(text), Some(part)) => assert!(text.contains(part), "{text}"),
                other => panic!("{other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn the_rows_of_a_batch_balance_and_hold_every_line(
            amounts in proptest::collection::vec((1_i64..=i64::MAX, 0_u8..3, 0_u8..3), 0..40),
        ) {
            let partner = PartnerId::generate();
            let mut deltas = Deltas::default();
            let mut whole = 0_i128;
            for (amount, from, to) in &amounts {
                whole += i128::from(*amount);
                deltas.add(&entry("2026-12-01", "k", vec![
                    line(&format!("a{from}"), None, Side::Debit, *amount),
                    line(&format!("a{to}"), Some(partner), Side::Credit, *amount),
                ])).unwrap();
            }
            let debit: i128 = deltas.daily.values().map(|s| s.debit).sum();
            let credit: i128 = deltas.daily.values().map(|s| s.credit).sum();
            let of_partner: i128 = deltas.partners.values().map(|s| s.credit).sum();
            prop_assert_eq!((debit, credit, of_partner), (whole, whole, whole));
        }
    }
}
