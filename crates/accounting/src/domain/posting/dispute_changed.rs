//! A buyer's bank took money back, gave it back, or keeps it.

use chrono::{DateTime, Utc};
use contracts::events::{DisputeChanged, DisputeState, DisputedFunds};

use crate::Error;
use crate::domain::{Account, Difference, DifferenceKind, DisputeChange, DraftEntry};

use super::{Booked, Posting};

/// Withdrawn: debit the partners, by line, and suspense for what the lines had not left; credit disputed funds.
/// Returned: the other way round. Lost: debit disputed funds, credit the receivable of the tender's kind, which stood in
/// full as long as that was undecided. A dispute that is only heard of when it is lost does two of these at once.
///
/// Who bears a dispute is the partner: contracts have no word on it. Fees stay as they are.
impl Booked for DisputeChanged {
    fn posting(&self) -> Result<Option<Posting>, Error> {
        let currency = self.amount.currency();
        let amount = i128::from(self.amount.amount_minor());
        let turn = match self.funds {
            DisputedFunds::Unmoved => 0,
            DisputedFunds::Withdrawn => 1,
            DisputedFunds::Returned => -1,
        };
        let is_lost = self.state == DisputeState::Lost;
        if is_lost && self.funds == DisputedFunds::Returned {
            return Err(Error::LostAndReturned(self.dispute_id));
        }
        let mut draft = DraftEntry::default();
        for line in &self.lines {
            let disputed = i128::from(line.disputed_minor);
            let partner = Some(line.partner_id);
            draft.debit(
                Account::PartnerPayableUnsettled,
                partner,
                turn * disputed,
                currency,
            );
        }
        let beyond = beyond_lines(self)?;
        draft.debit(Account::SuspenseShort, None, turn * beyond, currency);
        draft.credit(Account::DisputedFunds, None, turn * amount, currency);
        if is_lost {
            draft.debit(Account::DisputedFunds, None, amount, currency);
            draft.credit(Account::of_tender(self.tender_kind), None, amount, currency);
        }
        let Some(entry) = draft.balance()? else {
            return Ok(None);
        };
        let change = DisputeChange {
            dispute_id: self.dispute_id,
            version: self.version,
        };
        let difference = (turn * beyond > 0)
            .then(|| {
                Ok::<_, Error>(Difference {
                    payment_id: self.payment_id,
                    kind: DifferenceKind::Short,
                    // The same amount stands on a line of the entry, so it fits.
                    amount_minor: i64::try_from(beyond).map_err(|_| Error::AmountTooLarge {
                        account: Account::SuspenseShort.code(),
                        amount_minor: beyond,
                        currency,
                    })?,
                    currency,
                    of_dispute: Some(change),
                })
            })
            .transpose()?;
        Ok(Some(Posting {
            entry,
            difference,
            repayment: None,
            returned: (turn * beyond < 0).then_some(change),
        }))
    }

    /// The bank's change decides, however late it was told: that of the sale may be long closed.
    fn happened_at(&self, _: DateTime<Utc>) -> DateTime<Utc> {
        self.changed_at
    }
}

/// How much more is disputed than the lines had left.
fn beyond_lines(told: &DisputeChanged) -> Result<i128, Error> {
    let lines_minor = told
        .lines
        .iter()
        .map(|line| i128::from(line.disputed_minor))
        .sum();
    let beyond = i128::from(told.amount.amount_minor()) - lines_minor;
    if beyond < 0 || told.lines.iter().any(|line| line.disputed_minor <= 0) {
        return Err(Error::DisputeDoesNotAddUp {
            dispute_id: told.dispute_id,
            amount_minor: told.amount.amount_minor(),
            lines_minor,
        });
    }
    Ok(beyond)
}
