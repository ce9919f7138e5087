//! Money went back to a buyer, or came in again: the mirror of a payment.

use chrono::{DateTime, Utc};
use contracts::events::{PaymentRefunded, RefundOutcome, RefundedLine};

use crate::Error;
use crate::domain::{Account, DraftEntry, Repayment};

use super::{Booked, Posting};

/// Debit: what the partners earned before fees of what went back, G - Dp + shipping. Credit: what went back, by the kind
/// of its tender; discounts that the platform funded. A payment that was paid over may give back more than its lines
/// say: that comes out of suspense. A refund that was reversed is booked the other way round.
///
/// Fees and their VAT are reversed by the settlement, which says how much (`settlement_lines_priced.rs`).
impl Booked for PaymentRefunded {
    fn posting(&self) -> Result<Option<Posting>, Error> {
        let currency = self.currency;
        let turn = match self.outcome {
            RefundOutcome::Refunded => 1,
            RefundOutcome::Reversed => -1,
        };
        let back = i128::from(self.tender.refunded_minor);
        let mut draft = DraftEntry::default();
        draft.credit(Account::of_tender(self.tender.kind), None, turn * back, currency);
        for line in &self.lines {
            let partner = Some(line.partner_id);
            let by_platform = i128::from(line.platform_discount_minor);
            let earned = i128::from(line.gross_minor) - i128::from(line.partner_discount_minor)
                + i128::from(line.shipping_minor);
            check(self, line, earned - by_platform)?;
            draft.credit(Account::DiscountExpense, partner, turn * by_platform, currency);
            draft.debit(Account::PartnerPayableUnsettled, partner, turn * earned, currency);
        }
        let of_lines: i128 = self
            .lines
            .iter()
            .map(|line| i128::from(line.refunded_minor))
            .sum();
        let beyond = back - of_lines;
        if beyond < 0 {
            return Err(Error::RefundDoesNotAddUp {
                refund_id: self.transaction_id,
                said_minor: back,
                parts_minor: of_lines,
            });
        }
        draft.debit(Account::SuspenseOver, None, turn * beyond, currency);
        let Some(entry) = draft.balance()? else {
            return Ok(None);
        };
        let repayment = (beyond != 0)
            .then(|| {
                Ok::<_, Error>(Repayment {
                    payment_id: self.payment_id,
                    // The same amount stands on a line of the entry, so it fits.
                    amount_minor: i64::try_from(turn * beyond).map_err(|_| Error::AmountTooLarge {
                        account: Account::SuspenseOver.code(),
                        amount_minor: beyond,
                        currency,
                    })?,
                    currency,
                })
            })
            .transpose()?;
        Ok(Some(Posting {
            entry,
            difference: None,
            repayment,
            returned: None,
        }))
    }

    /// The refund decides, however late it was recorded, and not the sale: that month may be closed.
    fn happened_at(&self, _: DateTime<Utc>) -> DateTime<Utc> {
        self.refunded_at
    }
}

/// Refunded = G - Dp - Dm + shipping: otherwise what differs would be taken for what lies in suspense.
fn check(refund: &PaymentRefunded, line: &RefundedLine, parts_minor: i128) -> Result<(), Error> {
    let said_minor = i128::from(line.refunded_minor);
    if said_minor == parts_minor {
        return Ok(());
    }
    Err(Error::RefundDoesNotAddUp {
        refund_id: refund.transaction_id,
        said_minor,
        parts_minor,
    })
}
