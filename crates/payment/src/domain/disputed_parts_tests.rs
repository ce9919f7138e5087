use contracts::events::{PaidLine, TenderKind};
use ids::{PartnerId, TransactionId};
use money::Currency;

use super::*;
use crate::domain::{Capture, Cause, Means, OperationState, Order, TenderAmounts};
use Operation::{Refund, Sale};
use OperationState::{Created, Declined, RequiresAction, Sent, Succeeded, Unknown};

/// A payment of lines of these prices that was taken by tenders of these amounts.
fn paid(prices: &[i64], amounts: &[i64]) -> Payment {
    let lines = (1_i32..).zip(prices).map(|(line_number, price)| PaidLine {
        line_number,
        partner_id: PartnerId::generate(),
        category: String::new(),
        unit_price_minor: *price,
        quantity: 1,
        shipping_minor: 0,
        tax_free_minor: 0,
        discounts: Vec::new(),
    });
    let means = (1_i32..).zip(amounts).map(|(refund_rank, amount_minor)| Means {
        kind: TenderKind::Card,
        amount_minor: *amount_minor,
        token: None,
        tokens: Vec::new(),
        payment_method_id: None,
        refund_rank,
    });
    let order = Order {
        order_reference: "1".into(),
        currency: Currency::KRW,
        lines: lines.collect(),
        means: means.collect(),
        capture: Capture::Automatic,
        connector: None,
        return_url: None,
        sold_at: None,
        owed_minor: prices.iter().sum(),
        amount_minor: amounts.iter().sum(),
    };
    let now = DateTime::UNIX_EPOCH;
    let (mut payment, _) = order.into_opened(ConnectorName::Simulator, "usr", now, Sent, None);
    for tender in &mut payment.tenders {
        tender.amounts = tender.amounts.after(Sale, tender.amounts.amount_minor).unwrap();
    }
    payment
}

fn done(tender_number: i32, operation: Operation, parts: &[(i32, i64)], state: OperationState) -> Done {
    let parts: Vec<Part> = parts
        .iter()
        .map(|(line_number, amount_minor)| Part {
            line_number: *line_number,
            amount_minor: *amount_minor,
        })
        .collect();
    Done {
        id: TransactionId::generate(),
        tender_number,
        operation,
        cause: Cause::Caller,
        connector: None,
        change_id: None,
        state,
        amount_minor: parts.iter().map(|part| part.amount_minor).sum(),
        parts,
        connector_reference: None,
        refusal: None,
        is_ending: false,
        attempts: 0,
    }
}

fn spread_over(
    payment: &Payment,
    history: &[Done],
    tender_number: i32,
    amount_minor: i64,
) -> Vec<(i32, i64)> {
    disputed_parts(payment, history, tender_number, amount_minor)
        .iter()
        .map(|part| (part.line_number, part.amount_minor))
        .collect()
}

#[test]
fn what_a_refund_under_way_gives_back_is_not_disputed_of_its_line() {
    let payment = paid(&[60, 40], &[100]);
    for state in [Created, Sent, Unknown, RequiresAction] {
        let refund = [done(1, Refund, &[(1, 50)], state)];
        assert_eq!(
            spread_over(&payment, &refund, 1, 100),
            [(1, 10), (2, 40)],
            "{state:?}"
        );
    }
    // One that is over stands in the lines, or took nothing.
    for state in [Succeeded, Declined] {
        let refund = [done(1, Refund, &[(1, 50)], state)];
        assert_eq!(
            spread_over(&payment, &refund, 1, 100),
            [(1, 60), (2, 40)],
            "{state:?}"
        );
    }
}

#[test]
fn what_is_disputed_beyond_what_its_tender_keeps_belongs_to_no_line() {
    let mut payment = paid(&[100, 100], &[100, 100]);
    payment.tenders[0].amounts.refunded_minor = 60;
    payment.lines[0].refunded_minor = 60;
    let going = [done(1, Refund, &[(1, 10)], Sent)];
    assert_eq!(spread_over(&payment, &going, 1, 100), [(1, 7), (2, 23)]);
    payment.tenders[0].amounts.disputed_minor = 30;
    assert_eq!(spread_over(&payment, &going, 1, 100), []);
    // The other tender keeps all of its own.
    let all = spread_over(&payment, &[], 2, 100);
    assert_eq!(all.iter().map(|(_, minor)| minor).sum::<i64>(), 100);
}

#[test]
fn of_a_payment_that_took_a_part_no_more_than_that_is_disputed_of_its_lines() {
    let mut payment = paid(&[50, 50], &[100]);
    payment.tenders[0].amounts.captured_minor = 40;
    assert_eq!(spread_over(&payment, &[], 1, 100), [(1, 20), (2, 20)]);
    // Whoever disputes a capture whose outcome is open knows that it was made.
    let mut capture = done(1, Operation::Capture, &[], Unknown);
    capture.amount_minor = 20;
    assert_eq!(spread_over(&payment, &[capture], 1, 100), [(1, 30), (2, 30)]);
}

#[test]
fn nothing_of_a_payment_that_was_given_up_is_disputed_of_its_lines() {
    let mut payment = paid(&[100], &[60, 40]);
    payment.tenders[1].amounts = TenderAmounts::of(40);
    let of_order = |tender_number, operation, state| Done {
        cause: Cause::Order,
        ..done(tender_number, operation, &[], state)
    };
    let mut history = vec![
        of_order(1, Operation::Capture, Succeeded),
        of_order(2, Operation::Capture, Declined),
    ];
    // Before what was taken went back, and after.
    assert_eq!(spread_over(&payment, &history, 1, 60), []);
    payment.tenders[0].amounts.refunded_minor = 60;
    history.push(done(1, Refund, &[], Succeeded));
    assert_eq!(spread_over(&payment, &history, 1, 60), []);
}
