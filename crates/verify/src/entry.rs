//! What each fact must make of the books, worked out again from the table of postings.

use std::collections::BTreeMap;

use contracts::contract_terms::Bearer;
use contracts::events::{
    DisputeChanged, DisputeState, DisputedFunds, PaidLine, PaymentCompleted, PaymentRefunded, RefundOutcome,
    SettlementCompleted, SettlementLinesPriced, TenderKind,
};
use uuid::Uuid;

/// Debit less credit, by account, partner and currency. What adds up to nothing has no line.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    totals: BTreeMap<(&'static str, Option<Uuid>, String), i128>,
    /// What lies in suspense: over above 0, short below.
    pub(crate) over: i128,
    /// What it gives back of what lay over; below 0 where a refund was reversed.
    pub(crate) repaid: i128,
    /// The dispute, and which change of it, that took what is short.
    pub(crate) taken_by: Option<(Uuid, i32)>,
}

/// The account of what partners are owed for lines that no statement counts yet.
pub(crate) const UNSETTLED: &str = "partner_payable_unsettled";

impl Entry {
    fn debit(&mut self, account: &'static str, partner: Option<Uuid>, currency: &str, amount: i128) {
        *self
            .totals
            .entry((account, partner, currency.to_owned()))
            .or_default() += amount;
    }

    fn credit(&mut self, account: &'static str, partner: Option<Uuid>, currency: &str, amount: i128) {
        self.debit(account, partner, currency, -amount);
    }

    /// Its lines as `account/partner/side/amount/currency`, in the order of their texts; none where it moves nothing.
    pub(crate) fn lines(&self) -> Option<String> {
        let mut lines: Vec<String> = self
            .totals
            .iter()
            .filter(|(_, amount)| **amount != 0)
            .map(|((account, partner, currency), amount)| {
                let partner = partner.map_or_else(|| "-".to_owned(), |id| id.to_string());
                let side = if *amount > 0 { "debit" } else { "credit" };
                format!("{account}/{partner}/{side}/{}/{currency}", amount.abs())
            })
            .collect();
        lines.sort_unstable();
        (!lines.is_empty()).then(|| lines.join(" "))
    }

    /// What it adds to what partners are owed for unsettled lines.
    pub(crate) fn unsettled(&self) -> impl Iterator<Item = ((Uuid, String), i128)> {
        self.totals
            .iter()
            .filter_map(|((account, partner, currency), amount)| {
                let partner = (*account == UNSETTLED).then_some(*partner).flatten()?;
                Some(((partner, currency.clone()), -*amount))
            })
    }

    /// A payment: what was captured, and what the platform gives away, against what partners earn before fees. What is
    /// over or short lies in suspense.
    pub(crate) fn of_payment(told: &PaymentCompleted) -> Self {
        let currency = told.currency.as_str();
        let mut entry = Self::default();
        let mut over = 0;
        for tender in &told.tenders {
            let account = account_of(tender.kind);
            entry.debit(account, None, currency, tender.captured_minor.into());
            over += i128::from(tender.captured_minor);
        }
        for line in &told.lines {
            let partner = Some(line.partner_id.as_uuid());
            let given = funded_by(line, Bearer::Platform);
            let earned = i128::from(line.unit_price_minor) * i128::from(line.quantity)
                - funded_by(line, Bearer::Partner)
                + i128::from(line.shipping_minor);
            entry.debit("discount_expense", partner, currency, given);
            entry.credit(UNSETTLED, partner, currency, earned);
            over += given - earned;
        }
        entry.credit("suspense_over", None, currency, over.max(0));
        entry.debit("suspense_short", None, currency, (-over).max(0));
        entry.over = over;
        entry
    }

    /// A refund: what went back, and what the platform gave away of it, against what partners had earned before fees.
    /// What went back beyond the lines was over, and comes out of suspense. Reversed, it is all the other way round.
    pub(crate) fn of_refund(told: &PaymentRefunded) -> Self {
        let currency = told.currency.as_str();
        let sign = match told.outcome {
            RefundOutcome::Refunded => 1,
            RefundOutcome::Reversed => -1,
        };
        let mut entry = Self::default();
        let back = sign * i128::from(told.tender.refunded_minor);
        entry.credit(account_of(told.tender.kind), None, currency, back);
        let mut of_lines = 0;
        for line in &told.lines {
            let partner = Some(line.partner_id.as_uuid());
            let given = sign * i128::from(line.platform_discount_minor);
            let earned = i128::from(line.gross_minor) - i128::from(line.partner_discount_minor)
                + i128::from(line.shipping_minor);
            entry.debit(UNSETTLED, partner, currency, sign * earned);
            entry.credit("discount_expense", partner, currency, given);
            of_lines += sign * earned - given;
        }
        entry.repaid = back - of_lines;
        entry.debit("suspense_over", None, currency, entry.repaid);
        entry
    }

    /// A dispute: what the bank took, by line from the partners and beyond the lines from suspense, is held until it is
    /// decided; then it comes back by the same way, or the receivable goes.
    pub(crate) fn of_dispute(told: &DisputeChanged) -> Self {
        let currency = told.amount.currency();
        let currency = currency.as_str();
        let amount = i128::from(told.amount.amount_minor());
        let sign = match told.funds {
            DisputedFunds::Unmoved => 0,
            DisputedFunds::Withdrawn => 1,
            DisputedFunds::Returned => -1,
        };
        let mut entry = Self::default();
        let mut beyond = sign * amount;
        for line in &told.lines {
            let disputed = sign * i128::from(line.disputed_minor);
            entry.debit(UNSETTLED, Some(line.partner_id.as_uuid()), currency, disputed);
            beyond -= disputed;
        }
        entry.debit("suspense_short", None, currency, beyond);
        entry.credit("disputed_funds", None, currency, sign * amount);
        if told.state == DisputeState::Lost {
            entry.debit("disputed_funds", None, currency, amount);
            entry.credit(account_of(told.tender_kind), None, currency, amount);
        }
        if beyond > 0 {
            entry.over = -beyond;
            entry.taken_by = Some((told.dispute_id.as_uuid(), told.version));
        }
        entry
    }

    /// Priced lines: the fee, and the VAT on it, out of what partners earned.
    pub(crate) fn of_lines(told: &SettlementLinesPriced) -> Self {
        let mut entry = Self::default();
        for line in &told.lines {
            let (partner, currency) = (Some(line.partner_id.as_uuid()), line.currency.as_str());
            let (fee, vat) = (i128::from(line.fee_minor), i128::from(line.fee_vat_minor));
            let income = match line.fee_vat_borne_by {
                Bearer::Partner => fee,
                Bearer::Platform => fee - vat,
            };
            entry.debit(UNSETTLED, partner, currency, income + vat);
            entry.credit("fee_income", partner, currency, income);
            entry.credit("vat_payable", partner, currency, vat);
        }
        entry
    }

    /// A statement: what its lines earned is payable now, or carried.
    pub(crate) fn of_statement(told: &SettlementCompleted) -> Self {
        let (partner, currency) = (Some(told.partner_id.as_uuid()), told.currency.as_str());
        let carried = i128::from(told.carried_out_minor) - i128::from(told.carried_in_minor);
        let mut entry = Self::default();
        entry.debit(UNSETTLED, partner, currency, told.earned_minor.into());
        entry.credit(
            "partner_payable_settled",
            partner,
            currency,
            told.payable_minor.into(),
        );
        entry.credit("partner_payable_carried", partner, currency, carried);
        entry
    }
}

fn account_of(tender: TenderKind) -> &'static str {
    match tender {
        TenderKind::Card => "receivable_card",
        TenderKind::BankTransfer => "receivable_bank",
        TenderKind::Voucher => "voucher_liability",
        TenderKind::Points => "points_liability",
        TenderKind::Cash => "cash",
    }
}

fn funded_by(line: &PaidLine, bearer: Bearer) -> i128 {
    line.discounts
        .iter()
        .filter(|discount| discount.funded_by == bearer)
        .map(|discount| i128::from(discount.amount_minor))
        .sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_paid_over_or_short_lies_in_suspense() {
        let partner = ids::PartnerId::generate();
        for (captured, suspense) in [(29_000, "short/1000"), (30_000, ""), (30_500, "over/500")] {
            let told: PaymentCompleted = serde_json::from_value(json!({
                "payment_id": ids::PaymentId::generate(), "order_reference": "o", "sold_at": "2026-12-01T00:00:00Z",
                "origin": "external", "currency": "KRW",
                "tenders": [{"tender_id": ids::TenderId::generate(), "kind": "card", "captured_minor": captured}],
                "lines": [{"line_number": 1, "partner_id": partner, "category": "", "unit_price_minor": 33_000,
                    "quantity": 1, "shipping_minor": 0, "discounts": [
                        {"amount_minor": 1_500, "funded_by": "partner"},
                        {"amount_minor": 1_500, "funded_by": "platform"}]}],
            }))
            .unwrap();
            let entry = Entry::of_payment(&told);
            let lines = entry.lines().unwrap();
            assert!(
                lines.contains(&format!("{UNSETTLED}/{}/credit/31500/KRW", partner.as_uuid())),
                "{lines}"
            );
            assert!(lines.contains("/debit/1500/KRW"), "{lines}");
            assert_eq!(entry.totals.values().sum::<i128>(), 0);
            if let Some((kind, amount)) = suspense.split_once('/') {
                assert!(
                    lines.contains(&format!("suspense_{kind}")) && lines.contains(amount),
                    "{lines}"
                );
            }
        }
    }

    #[test]
    fn a_dispute_is_held_until_it_is_decided_and_what_is_beyond_its_lines_lies_in_suspense() {
        let partner = ids::PartnerId::generate();
        let told = |state, funds| -> DisputeChanged {
            serde_json::from_value(json!({
                "dispute_id": ids::DisputeId::generate(), "version": 2, "payment_id": ids::PaymentId::generate(),
                "order_reference": "o", "sold_at": "2026-12-01T00:00:00Z", "tender_id": ids::TenderId::generate(),
                "tender_kind": "card", "amount": {"amount": 1_000, "currency": "KRW"}, "reason": "fraudulent",
                "state": state, "funds": funds, "changed_at": "2026-12-03T00:00:00Z",
                "lines": [{"line_number": 1, "partner_id": partner, "disputed_minor": 900}],
            }))
            .unwrap()
        };
        let of_partner = format!("{UNSETTLED}/{}", partner.as_uuid());
        for (state, funds, wanted, over) in [
            (
                "needs_response",
                "withdrawn",
                format!(
                    "disputed_funds/-/credit/1000/KRW {of_partner}/debit/900/KRW suspense_short/-/debit/100/KRW"
                ),
                -100,
            ),
            (
                "won",
                "returned",
                format!(
                    "disputed_funds/-/debit/1000/KRW {of_partner}/credit/900/KRW suspense_short/-/credit/100/KRW"
                ),
                0,
            ),
            (
                "lost",
                "unmoved",
                "disputed_funds/-/debit/1000/KRW receivable_card/-/credit/1000/KRW".to_owned(),
                0,
            ),
            (
                "lost",
                "withdrawn",
                format!(
                    "{of_partner}/debit/900/KRW receivable_card/-/credit/1000/KRW suspense_short/-/debit/100/KRW"
                ),
                -100,
            ),
        ] {
            let told = told(state, funds);
            let entry = Entry::of_dispute(&told);
            assert_eq!(entry.lines(), Some(wanted), "{state} {funds}");
            assert_eq!(entry.over, over);
            let taken_by = (told.dispute_id.as_uuid(), told.version);
            assert_eq!(entry.taken_by, (over != 0).then_some(taken_by));
        }
        assert_eq!(Entry::of_dispute(&told("under_review", "unmoved")).lines(), None);
    }

    #[test]
    fn a_refund_turns_the_sides_and_what_is_beyond_its_lines_comes_out_of_suspense() {
        let partner = ids::PartnerId::generate();
        for (outcome, back, owed, repaid) in [
            ("refunded", "credit/15500/KRW", "debit/15750/KRW", 500),
            ("reversed", "debit/15500/KRW", "credit/15750/KRW", -500),
        ] {
            let told: PaymentRefunded = serde_json::from_value(json!({
                "payment_id": ids::PaymentId::generate(), "transaction_id": ids::TransactionId::generate(),
                "order_reference": "o", "sold_at": "2026-12-01T00:00:00Z", "origin": "external", "currency": "KRW",
                "outcome": outcome, "refunded_at": "2026-12-03T00:00:00Z",
                "tender": {"tender_id": ids::TenderId::generate(), "kind": "card", "refunded_minor": 15_500},
                "lines": [{"line_number": 1, "partner_id": partner, "refunded_minor": 15_000, "gross_minor": 16_500,
                    "tax_free_minor": 0, "partner_discount_minor": 750, "platform_discount_minor": 750,
                    "shipping_minor": 0, "owed_minor": 30_000, "refunded_before_minor": 15_000}],
            }))
            .unwrap();
            let entry = Entry::of_refund(&told);
            let lines = entry.lines().unwrap();
            assert!(lines.contains(&format!("receivable_card/-/{back}")), "{lines}");
            assert!(
                lines.contains(&format!("{UNSETTLED}/{}/{owed}", partner.as_uuid())),
                "{lines}"
            );
            assert_eq!(entry.repaid, repaid);
            assert_eq!(entry.totals.values().sum::<i128>(), 0);
        }
    }
}
