//! Events as other services publish them: ordinary ones, whose fields a test then changes.

use bus::{Cursor, Record};
use chrono::{DateTime, Days, NaiveDate, Utc};
use contracts::Event;
use contracts::contract_terms::{Bearer, ContractTerms};
use contracts::events::{
    ContractChanged, DisputeChanged, DisputeState, DisputedFunds, DisputedLine, Origin, PaidLine, PaidTender,
    PartnerChanged, PartnerKind, PartnerStatus, PaymentCompleted, PaymentRefunded, RefundOutcome,
    RefundedLine, RefundedTender, SettlementCompleted, TenderKind,
};
use ids::{ContractId, DisputeId, PartnerId, PaymentId, SettlementId, TenderId, TransactionId, WindowId};
use money::{Currency, Money};
use serde_json::json;
use serde_json::value::RawValue;

/// The record of `event`, the `number`th of its aggregate on its topic, as a consumer's handler gets it.
///
/// # Panics
/// Never with the events of `contracts`.
pub fn record<E: Event>(event: &E, number: i64, occurred_at: DateTime<Utc>) -> Record {
    let text = serde_json::to_string(event).expect("an event is JSON");
    Record {
        topic: E::TOPIC,
        aggregate: event.aggregate(),
        number,
        event_id: ids::EventId::generate().as_uuid(),
        cursor: Cursor::start(),
        payload: RawValue::from_string(text).expect("an event is JSON"),
        trace_parent: String::new(),
        occurred_at,
    }
}

/// A payment that was captured by card, of one line of that partner: `price_minor` Korean won, one piece.
pub fn payment_completed(
    partner_id: PartnerId,
    price_minor: i64,
    sold_at: DateTime<Utc>,
) -> PaymentCompleted {
    let payment_id = PaymentId::generate();
    PaymentCompleted {
        payment_id,
        order_reference: format!("order-{payment_id}"),
        sold_at,
        origin: Origin::Platform,
        currency: Currency::KRW,
        tenders: vec![PaidTender {
            tender_id: TenderId::generate(),
            kind: TenderKind::Card,
            captured_minor: price_minor,
        }],
        lines: vec![paid_line(1, partner_id, price_minor)],
    }
}

/// A line of one piece, without shipping, tax-free part or discounts.
pub fn paid_line(line_number: i32, partner_id: PartnerId, unit_price_minor: i64) -> PaidLine {
    PaidLine {
        line_number,
        partner_id,
        category: String::new(),
        unit_price_minor,
        quantity: 1,
        shipping_minor: 0,
        tax_free_minor: 0,
        discounts: Vec::new(),
    }
}

/// A part of a payment went back by its first tender, or came in again: of each line its number, how much of it, and how
/// much of it was back before. Discounts, shipping and what is free of tax go back by their shares, cut to the minor unit
/// of all that is back so far; G is the rest.
///
/// # Panics
/// Where the payment has no tender or no such line, or nothing was owed for it.
pub fn payment_refunded(
    payment: &PaymentCompleted,
    outcome: RefundOutcome,
    parts: &[(i32, i64, i64)],
    refunded_at: DateTime<Utc>,
) -> PaymentRefunded {
    let lines = parts.iter().map(|(number, refunded, before)| {
        let line = payment.lines.iter().find(|line| line.line_number == *number);
        refunded_line(line.expect("a line of the payment"), outcome, *refunded, *before)
    });
    let tender = payment.tenders.first().expect("a tender");
    PaymentRefunded {
        payment_id: payment.payment_id,
        transaction_id: TransactionId::generate(),
        order_reference: payment.order_reference.clone(),
        sold_at: payment.sold_at,
        origin: payment.origin,
        currency: payment.currency,
        outcome,
        tender: RefundedTender {
            tender_id: tender.tender_id,
            kind: tender.kind,
            refunded_minor: parts.iter().map(|(_, refunded, _)| refunded).sum(),
        },
        lines: lines.collect(),
        refunded_at,
    }
}

fn refunded_line(line: &PaidLine, outcome: RefundOutcome, refunded: i64, before: i64) -> RefundedLine {
    let funded_by = |bearer: Bearer| -> i64 {
        let discounts = line.discounts.iter().filter(|d| d.funded_by == bearer);
        discounts.map(|d| d.amount_minor).sum()
    };
    let (by_partner, by_platform) = (funded_by(Bearer::Partner), funded_by(Bearer::Platform));
    let owed =
        line.unit_price_minor * i64::from(line.quantity) - by_partner - by_platform + line.shipping_minor;
    let (less, more) = match outcome {
        RefundOutcome::Refunded => (before, before + refunded),
        RefundOutcome::Reversed => (before - refunded, before),
    };
    let part = |whole: i64| {
        let share = |of: i64| i128::from(whole) * i128::from(of) / i128::from(owed);
        i64::try_from(share(more) - share(less)).expect("a share fits where the whole does")
    };
    let (by_partner, by_platform, shipping) =
        (part(by_partner), part(by_platform), part(line.shipping_minor));
    RefundedLine {
        line_number: line.line_number,
        partner_id: line.partner_id,
        refunded_minor: refunded,
        gross_minor: refunded + by_partner + by_platform - shipping,
        tax_free_minor: part(line.tax_free_minor),
        partner_discount_minor: by_partner,
        platform_discount_minor: by_platform,
        shipping_minor: shipping,
        owed_minor: owed,
        refunded_before_minor: before,
    }
}

/// A dispute of the first tender of a payment is told of for the first time: how much, and which part of it is of which
/// line.
///
/// # Panics
/// Where the payment has no tender or no such line.
pub fn dispute_changed(
    payment: &PaymentCompleted,
    state: DisputeState,
    funds: DisputedFunds,
    amount_minor: i64,
    parts: &[(i32, i64)],
    changed_at: DateTime<Utc>,
) -> DisputeChanged {
    let lines = parts.iter().map(|(number, disputed)| {
        let line = payment.lines.iter().find(|line| line.line_number == *number);
        DisputedLine {
            line_number: *number,
            partner_id: line.expect("a line of the payment").partner_id,
            disputed_minor: *disputed,
        }
    });
    let tender = payment.tenders.first().expect("a tender");
    DisputeChanged {
        dispute_id: DisputeId::generate(),
        version: 1,
        payment_id: payment.payment_id,
        order_reference: payment.order_reference.clone(),
        sold_at: payment.sold_at,
        tender_id: tender.tender_id,
        tender_kind: tender.kind,
        amount: Money::new(amount_minor, payment.currency),
        reason: "fraudulent".to_owned(),
        state,
        funds,
        lines: lines.collect(),
        changed_at,
    }
}

/// What a dispute is told of as next.
#[must_use]
pub fn dispute_goes_on(
    before: &DisputeChanged,
    state: DisputeState,
    funds: DisputedFunds,
    changed_at: DateTime<Utc>,
) -> DisputeChanged {
    DisputeChanged {
        version: before.version + 1,
        state,
        funds,
        changed_at,
        ..before.clone()
    }
}

/// A company that sells, as it is after it was made.
pub fn partner_changed(partner_id: PartnerId) -> PartnerChanged {
    PartnerChanged {
        partner_id,
        reference: format!("ref-{partner_id}"),
        name: "A shop".to_owned(),
        kind: PartnerKind::Company,
        status: PartnerStatus::Active,
        version: 1,
    }
}

/// The first version of a contract, with [`terms`].
pub fn contract_changed(partner_id: PartnerId, valid_from: NaiveDate) -> ContractChanged {
    ContractChanged {
        contract_id: ContractId::generate(),
        partner_id,
        version: 1,
        valid_from,
        terms: terms(),
    }
}

/// Terms in won: 12 % of the gross and 10 % VAT on top, settled daily, paid one business day later.
///
/// # Panics
/// Never: they are well formed.
pub fn terms() -> ContractTerms {
    serde_json::from_value(json!({
        "currency": "KRW",
        "rate_ppm": 120_000,
        "cycle": { "kind": "daily" },
        "payout": { "days": 1 },
    }))
    .expect("terms")
}

/// A statement of one line over one day, paid the day after, nothing carried.
pub fn settlement_completed(
    partner_id: PartnerId,
    payable_minor: i64,
    day: NaiveDate,
    settled_at: DateTime<Utc>,
) -> SettlementCompleted {
    SettlementCompleted {
        settlement_id: SettlementId::generate(),
        window_id: WindowId::generate(),
        partner_id,
        currency: Currency::KRW,
        starts_on: day,
        ends_on: day,
        due_on: day + Days::new(1),
        line_count: 1,
        earned_minor: payable_minor,
        carried_in_minor: 0,
        payable_minor,
        carried_out_minor: 0,
        settled_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_carries_the_event_it_was_made_of() {
        let event = payment_completed(PartnerId::generate(), 10_000, DateTime::UNIX_EPOCH);
        let record = record(&event, 1, DateTime::UNIX_EPOCH);
        assert_eq!(record.event::<PaymentCompleted>().unwrap(), event);
        assert_eq!(record.aggregate, event.payment_id.to_string());
    }

    #[test]
    fn refunds_of_the_whole_are_the_whole() {
        let mut payment = payment_completed(PartnerId::generate(), 10_001, DateTime::UNIX_EPOCH);
        payment.lines[0].shipping_minor = 999;
        let back = |refunded, before| {
            let parts = [(1, refunded, before)];
            let refund = payment_refunded(&payment, RefundOutcome::Refunded, &parts, DateTime::UNIX_EPOCH);
            refund.lines[0].clone()
        };
        let (one, two) = (back(3_333, 0), back(7_667, 3_333));
        assert_eq!(one.gross_minor + two.gross_minor, 10_001);
        assert_eq!(one.shipping_minor + two.shipping_minor, 999);
    }

    #[test]
    fn the_terms_are_well_formed() {
        assert_eq!(terms().currency, Currency::KRW);
    }
}
