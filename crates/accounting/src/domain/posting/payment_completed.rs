//! A payment was captured: who owes us what was paid, and what we owe partners for it.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use contracts::contract_terms::Bearer;
use contracts::events::{PaidLine, PaymentCompleted};

use crate::Error;
use crate::domain::{Account, Difference, DifferenceKind, DraftEntry};

use super::{Booked, Posting};

/// Debit: what was captured, by kind of tender; discounts that the platform funds. Credit: what the partners
/// earn before fees, G - Dp + shipping. What was captured over or short of what the buyer owed, G - Dp - Dm +
/// shipping, is kept in suspense, each in its own account.
impl Booked for PaymentCompleted {
    fn posting(&self) -> Result<Option<Posting>, Error> {
        let currency = self.currency;
        let mut draft = DraftEntry::default();
        for tender in &self.tenders {
            let account = Account::of_tender(tender.kind);
            draft.debit(account, None, tender.captured_minor.into(), currency);
        }
        for line in &self.lines {
            let partner = Some(line.partner_id);
            let by_platform = discounts(line, Bearer::Platform);
            let earned = gross(line) - discounts(line, Bearer::Partner) + i128::from(line.shipping_minor);
            draft.debit(Account::DiscountExpense, partner, by_platform, currency);
            draft.credit(Account::PartnerPayableUnsettled, partner, earned, currency);
        }
        // Captured less owed: the discounts stand on both sides.
        let over = draft.excess(currency);
        let kind = match over.cmp(&0) {
            Ordering::Greater => {
                draft.credit(Account::SuspenseOver, None, over, currency);
                Some(DifferenceKind::Over)
            }
            Ordering::Less => {
                draft.debit(Account::SuspenseShort, None, -over, currency);
                Some(DifferenceKind::Short)
            }
            Ordering::Equal => None,
        };
        let Some(entry) = draft.balance()? else {
            return Ok(None);
        };
        let difference = kind.map(|kind| {
            Ok::<_, Error>(Difference {
                payment_id: self.payment_id,
                kind,
                // The same amount stands on a line of the entry, so it fits.
                amount_minor: i64::try_from(over.abs()).map_err(|_| Error::AmountTooLarge {
                    account: Account::SuspenseOver.code(),
                    amount_minor: over,
                    currency,
                })?,
                currency,
                of_dispute: None,
            })
        });
        Ok(Some(Posting {
            entry,
            difference: difference.transpose()?,
            repayment: None,
            returned: None,
        }))
    }

    /// The sale decides, however late it was recorded.
    fn happened_at(&self, _: DateTime<Utc>) -> DateTime<Utc> {
        self.sold_at
    }
}

/// G: price x quantity.
fn gross(line: &PaidLine) -> i128 {
    i128::from(line.unit_price_minor) * i128::from(line.quantity)
}

/// Dp or Dm: the discounts that one side funds.
fn discounts(line: &PaidLine, funded_by: Bearer) -> i128 {
    line.discounts
        .iter()
        .filter(|discount| discount.funded_by == funded_by)
        .map(|discount| i128::from(discount.amount_minor))
        .sum()
}
