//! Lines, and what refunds take back of them, were priced: the fee, and the VAT on it, come out of what partners earned.

use chrono::{DateTime, Utc};
use contracts::contract_terms::Bearer;
use contracts::events::{PricedLine, SettlementLinesPriced};

use crate::Error;
use crate::domain::{Account, DraftEntry};

use super::{Booked, Posting};

/// Debit: what the partner gives, F and the VAT where that is on top. Credit: fee income without VAT, and the VAT.
/// Where the platform bears the VAT, the fee includes it. What refunds take back has amounts below 0, and is booked the
/// other way round.
impl Booked for SettlementLinesPriced {
    fn posting(&self) -> Result<Option<Posting>, Error> {
        let mut draft = DraftEntry::default();
        for line in &self.lines {
            let fee = i128::from(line.fee_minor);
            let vat = i128::from(line.fee_vat_minor);
            let (from_partner, income) = match line.fee_vat_borne_by {
                Bearer::Partner => (fee + vat, fee),
                Bearer::Platform => (fee, fee - vat),
            };
            check(line, from_partner)?;
            let partner = Some(line.partner_id);
            draft.debit(
                Account::PartnerPayableUnsettled,
                partner,
                from_partner,
                line.currency,
            );
            draft.credit(Account::FeeIncome, partner, income, line.currency);
            draft.credit(Account::VatPayable, partner, vat, line.currency);
        }
        Ok(draft.balance()?.map(Posting::plain))
    }

    fn happened_at(&self, published_at: DateTime<Utc>) -> DateTime<Utc> {
        published_at
    }
}

/// Net = G - Dp - F - VAT on top + shipping: what is left in unsettled payable once the line is booked is what its
/// statement will pay.
fn check(line: &PricedLine, from_partner: i128) -> Result<(), Error> {
    let steps_minor = i128::from(line.gross_minor) - i128::from(line.partner_discount_minor) - from_partner
        + i128::from(line.shipping_minor);
    if steps_minor == i128::from(line.net_minor) {
        return Ok(());
    }
    Err(Error::PriceDoesNotAddUp {
        detail_id: line.detail_id,
        net_minor: line.net_minor,
        steps_minor,
    })
}
