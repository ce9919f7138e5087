//! A window was settled: what its lines earned leaves unsettled payable, to be paid out or carried forward.

use chrono::{DateTime, Utc};
use contracts::events::SettlementCompleted;

use crate::Error;
use crate::domain::{Account, DraftEntry};

use super::{Booked, Posting};

/// Debit: unsettled payable, by all that was earned. Credit: settled payable, by what is to be paid; carried payable,
/// by what the balance left for later grew. So unsettled payable is always the net of the lines that no statement
/// counts. A statement that earned nothing and moves no carry-over has no entry.
impl Booked for SettlementCompleted {
    fn posting(&self) -> Result<Option<Posting>, Error> {
        let earned = i128::from(self.earned_minor);
        let payable = i128::from(self.payable_minor);
        let carried = i128::from(self.carried_out_minor) - i128::from(self.carried_in_minor);
        if earned != payable + carried {
            return Err(Error::StatementDoesNotAddUp {
                settlement_id: self.settlement_id,
            });
        }
        let partner = Some(self.partner_id);
        let mut draft = DraftEntry::default();
        draft.debit(Account::PartnerPayableUnsettled, partner, earned, self.currency);
        draft.credit(Account::PartnerPayableSettled, partner, payable, self.currency);
        draft.credit(Account::PartnerPayableCarried, partner, carried, self.currency);
        Ok(draft.balance()?.map(Posting::plain))
    }

    fn happened_at(&self, published_at: DateTime<Utc>) -> DateTime<Utc> {
        published_at
    }
}
